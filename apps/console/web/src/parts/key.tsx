import { useSignal } from '@preact/signals';
import { givenKey } from '../state/key.js';
import { useKey } from '../state/requests.js';
import { Prose } from './command.js';

/** Outside lab mode whoever has an API key acts with it; the page forgets it when it is closed. */
export function Key({ whyNot }: { whyNot: string }) {
  const typed = useSignal('');
  if (givenKey.value !== null) {
    return (
      <p class="verdict-helps key-given">
        What you do here is done with your API key.
        <button type="button" onClick={() => (givenKey.value = null)}>
          Forget the key
        </button>
      </p>
    );
  }
  const give = (event: Event) => {
    event.preventDefault();
    const key = typed.value.trim();
    typed.value = '';
    if (key !== '') void useKey(key);
  };
  return (
    <form class="verdict-helps key" onSubmit={give}>
      <p>
        Read-only: <Prose says={whyNot} />.
      </p>
      <label>
        <span class="unseen">API key with operate</span>
        <input
          type="password"
          autocomplete="off"
          placeholder="po_…"
          value={typed}
          onInput={(event) => (typed.value = event.currentTarget.value)}
        />
      </label>
      <button type="submit">Act with this key</button>
    </form>
  );
}
