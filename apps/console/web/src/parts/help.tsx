import { useEffect, useRef } from 'preact/hooks';
import { helpOpen, keepSingleKeys, singleKeys } from '../state/keys.js';
import { canControl } from '../state/snapshot.js';
import { Cross } from './icons.js';

const acts = [
  { keys: ['s'], does: 'send one payment' },
  { keys: ['m'], does: 'send 1,000: the mass' },
  { keys: ['b'], does: 'cut the link between relay and RabbitMQ' },
  { keys: ['h'], does: 'heal all links' },
];
const looks = [
  { keys: ['Ctrl', 'K'], does: 'find a payment; ⌘ K on a Mac' },
  { keys: ['Ctrl', '+'], does: 'larger, for the last row: nothing is cut off up to 200 %' },
  { keys: ['?'], does: 'this help' },
  { keys: ['Esc'], does: 'close what is open' },
];

const words = [
  { word: 'payment', means: 'what the client asked for, under one idempotency key' },
  { word: 'message', means: 'its copy on the way from the outbox to the ledger' },
  { word: 'transfer', means: 'the line in the ledger: a debit and a credit' },
  { word: 'outbox', means: 'where a message waits, in the same transaction as its payment' },
  { word: 'inbox', means: 'what the ledger has seen: a copy that comes again is absorbed' },
  { word: 'dead letter', means: 'what was given up, until somebody redrives it' },
];

export function Help() {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (helpOpen.value) dialog.current?.showModal();
  }, [helpOpen.value]);
  return (
    <dialog
      ref={dialog}
      class="help"
      aria-labelledby="help-title"
      onClose={() => (helpOpen.value = false)}
      onClick={(event) => {
        if (event.target === event.currentTarget) event.currentTarget.close();
      }}
    >
      <div class="help-body">
        <div class="drawer-head">
          <h2 id="help-title">Keys and words</h2>
          <button
            type="button"
            class="icon-button large"
            aria-label="Close"
            onClick={() => dialog.current?.close()}
          >
            <Cross />
          </button>
        </div>
        <dl class="keys">
          {[...(canControl.value ? acts : []), ...looks].map(({ keys: pressed, does }) => (
            <div key={does}>
              <dt>
                {pressed.map((key) => (
                  <kbd key={key}>{key}</kbd>
                ))}
              </dt>
              <dd>{does}</dd>
            </div>
          ))}
        </dl>
        <label class="check">
          <input
            type="checkbox"
            checked={singleKeys.value}
            onChange={(event) => keepSingleKeys(event.currentTarget.checked)}
          />
          Single keys act
        </label>
        <dl class="words">
          {words.map(({ word, means }) => (
            <div key={word}>
              <dt>{word}</dt>
              <dd>{means}</dd>
            </div>
          ))}
        </dl>
      </div>
    </dialog>
  );
}
