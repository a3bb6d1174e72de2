import type { Measure } from '@paid-once/inbox';

// As bytes, because a parked body may be no text and no JSON, and these expressions must fail for none.
const text = "encode(substring(body FOR 4096), 'escape')";

/** Which money a parked message speaks of, in minor units; null where it cannot be made out. */
export const parkedMoney: Measure = {
  unit: `substring(${text} FROM '"currency":\\s*"([A-Z]{3})"')`,
  amount: `substring(${text} FROM '"amountMinor":\\s*"(\\d{1,16})"')::numeric`,
};
