import { computed, useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { cli, commandBegins } from '../state/about.js';
import { moneyInProse } from '../words/money.js';
import { Copy, Tick } from './icons.js';

/** What can be copied, and a button that does it. */
export function Copied({
  text,
  what,
  children,
}: {
  text: string;
  what: string;
  children?: ComponentChildren;
}) {
  const copied = useSignal(false);
  const copy = () =>
    void navigator.clipboard.writeText(text).then(() => {
      copied.value = true;
      setTimeout(() => (copied.value = false), 1_500);
    });
  return (
    <span class="copied">
      {children ?? <code>{text}</code>}
      <button
        type="button"
        class="icon-button"
        aria-label={copied.value ? `Copied ${what}` : `Copy ${what}`}
        onClick={copy}
      >
        {copied.value ? <Tick /> : <Copy />}
      </button>
    </span>
  );
}

export function Command({ command }: { command: string }) {
  return (
    <Copied text={command} what="the command">
      <code>{command}</code>
    </Copied>
  );
}

/** A command of this project, without how it begins here. */
export function Cli({ args }: { args: string }) {
  return <Command command={cli(args)} />;
}

/** What the buttons would do, for a page that may not press them: each as a command. */
export function Instead({
  title,
  acts,
  children,
}: {
  title?: string;
  acts: readonly { does: string; args: string }[];
  children?: ComponentChildren;
}) {
  return (
    <div class="instead">
      {title !== undefined && <p class="muted">{title}</p>}
      <dl>
        {acts.map(({ does, args }) => (
          <div key={does}>
            <dt>{does}</dt>
            <dd>
              <Cli args={args} />
            </dd>
          </div>
        ))}
      </dl>
      {children}
    </div>
  );
}

/**
 * What stands in backticks, and a command of this project as far as its words can be nothing else: flags, names with a hyphen,
 * a dot or a digit in them, capitals. "npx paid-once heal --all and wait" is a command of four words.
 */
const commands = computed(() => {
  const begins = commandBegins.value.replaceAll(/[^\w ]/g, '\\$&');
  return new RegExp(`(\`[^\`]+\`|${begins} [a-z]+${subcommand}${argument}*)`);
});
const subcommand = String.raw`(?: (?:list|show|redrive|drop|verify|rebase)\b)?`;
const argument = String.raw`(?: (?:--?[a-z][\w-]*|[\w.:%-]*[\d.%-][\w.:%-]*[\w%]|[A-Z]{2,}))`;

/** A sentence of the backend: its money as everywhere else, its commands as what they are. */
export function Prose({ says }: { says: string }) {
  const parts = moneyInProse(says).split(commands.value);
  return (
    <>
      {parts.map((part, index) =>
        index % 2 === 0 ? part : <code key={part}>{part.replaceAll('`', '')}</code>,
      )}
    </>
  );
}

/** "01J8…7F2C": the ends of an id are what people compare; the whole of it is read out, and shown on hover. */
export function ShortId({ id }: { id: string }) {
  if (id.length <= 13) return <span class="id">{id}</span>;
  return (
    <span class="id" title={id}>
      <span aria-hidden="true">
        {id.slice(0, 6)}…{id.slice(-4)}
      </span>
      <span class="unseen">{id}</span>
    </span>
  );
}
