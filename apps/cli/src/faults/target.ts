import { faultPreset, faultPresets, linksCalled, UnknownLink, type FaultPreset } from '@paid-once/links';
import { CliFailure } from '../failure.js';
import { exitCodes } from '../exit-codes.js';
import { faultText } from './words.js';

/** What a user names: a link or group, or a preset, which is a fault on a link. */
export interface Target {
  linkOrGroup: string;
  preset?: FaultPreset;
}

/** @throws CliFailure there is neither a link, nor a group, nor a preset of that name */
export function targetCalled(name: string): Target {
  const preset = faultPreset(name);
  if (preset !== undefined) return { linkOrGroup: preset.link, preset };
  try {
    linksCalled(name);
    return { linkOrGroup: name };
  } catch (error) {
    if (!(error instanceof UnknownLink)) throw error;
    throw new CliFailure(
      exitCodes.usage,
      `${error.message} Presets: ${Object.keys(faultPresets).join(', ')}.`,
      'Nothing was changed.',
      'npx paid-once links',
    );
  }
}

const presets = Object.entries(faultPresets);
const width = Math.max(...presets.map(([name]) => name.length));

/** For --help: one line a preset. */
export const presetLines = presets
  .map(([name, { link, fault }]) => `  ${name.padEnd(width)}  ${link} ${faultText(fault)}`)
  .join('\n');
