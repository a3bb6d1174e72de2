import { badBody, invalidStream, invalidToxicType } from './api-error.js';
import type { Random } from './dice.js';
import { parseBody, readFields } from './go-fields.js';
import type { Json } from './go-json.js';
import type { Attributes, ToxicBehaviour, ToxicType } from './toxics/behaviour.js';
import { toxicTypes } from './toxics/index.js';
import { passOn } from './toxics/noop.js';

/** `upstream`: from the client to the server; `downstream`: what comes back. */
export type Direction = 'upstream' | 'downstream';

/** A toxic of a proxy, at work on each of its connections. */
export class Toxic {
  private constructor(
    readonly name: string,
    readonly typeName: string,
    readonly type: ToxicType,
    /** As it was sent, whatever its case. */
    private readonly stream: string,
    readonly direction: Direction,
    private toxicity: number,
    private attributes: Attributes,
  ) {}

  /** @throws ApiError 400 */
  static fromBody(body: string): Toxic {
    const json = parseBody(body);
    const given = readFields(json, 'toxics.ToxicWrapper', wrapper);
    const stream = given.stream ?? 'downstream';
    const direction = stream.toLowerCase();
    if (direction !== 'upstream' && direction !== 'downstream') throw invalidStream();
    const typeName = given.type ?? '';
    const type = toxicTypes.get(typeName);
    if (!type) throw invalidToxicType();
    const toxicity = checkedToxicity(given.toxicity ?? 1);
    const attributes = mergedAttributes(type, typeName, {}, given.attributes);
    return new Toxic(
      given.name || `${typeName}_${stream}`,
      typeName,
      type,
      stream,
      direction,
      toxicity,
      attributes,
    );
  }

  /** Merges what the body holds of toxicity and attributes; all else in it is ignored. @throws ApiError 400 */
  update(body: string): void {
    const given = readFields(parseBody(body), 'toxics.ToxicWrapper', changeable);
    const toxicity = checkedToxicity(given.toxicity ?? this.toxicity);
    this.attributes = mergedAttributes(this.type, this.typeName, this.attributes, given.attributes);
    this.toxicity = toxicity;
  }

  /** Draws by toxicity whether a connection is touched, and what is then done to it. */
  draw(random: Random): ToxicBehaviour {
    return random() < this.toxicity ? this.type.behaviour(this.attributes) : passOn;
  }

  toJSON(): object {
    const { attributes, name, typeName, stream, toxicity } = this;
    return { attributes, name, type: typeName, stream, toxicity };
  }
}

const changeable = { attributes: 'json', toxicity: 'float32' } as const;
const wrapper = { ...changeable, name: 'string', type: 'string', stream: 'string' } as const;

function mergedAttributes(
  type: ToxicType,
  typeName: string,
  current: Attributes,
  given: Json = null,
): Attributes {
  const changes = readFields(given, `toxics.${typeName}`, type.attributes);
  const merged: Record<string, number> = {};
  for (const name of Object.keys(type.attributes)) merged[name] = changes[name] ?? current[name] ?? 0;
  const fault = type.fault?.(merged);
  if (fault !== undefined) throw badBody(fault);
  return merged;
}

function checkedToxicity(toxicity: number): number {
  if (toxicity >= 0 && toxicity <= 1) return toxicity;
  throw badBody('toxicity must be from 0 to 1');
}
