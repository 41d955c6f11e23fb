/** What a managed run is given (reference semantics §2.7): memory is limited, processors are what the price stands for. */
export interface Machine {
  readonly cpus: number;
  /** Mebibytes that the process and everything it starts may have resident together. */
  readonly memoryMb: number;
  /** Millionths of a US dollar. */
  readonly microusdPerSec: number;
}

/** The documented presets, the smallest first: a run that exceeds the memory of one goes on with the next. */
export const MACHINES = {
  micro: { cpus: 1, memoryMb: 256, microusdPerSec: 17 },
  'small-1x': { cpus: 1, memoryMb: 512, microusdPerSec: 34 },
  'small-2x': { cpus: 2, memoryMb: 1_024, microusdPerSec: 68 },
  'medium-1x': { cpus: 2, memoryMb: 4_096, microusdPerSec: 85 },
  'medium-2x': { cpus: 4, memoryMb: 8_192, microusdPerSec: 170 },
  'large-1x': { cpus: 8, memoryMb: 16_384, microusdPerSec: 340 },
  'large-2x': { cpus: 16, memoryMb: 32_768, microusdPerSec: 680 },
} as const satisfies Record<string, Machine>;

/** The name of one of {@link MACHINES}. */
export type MachinePreset = keyof typeof MACHINES;

// Object.keys is typed for objects that may have more keys than their type says; this literal has exactly these.
const NAMES = Object.keys(MACHINES) as MachinePreset[];

/** The names of {@link MACHINES}, the smallest first. */
export const MACHINE_PRESETS = NAMES as [MachinePreset, ...MachinePreset[]];

/** The next larger preset; null for the largest. */
export function largerPreset(preset: MachinePreset): MachinePreset | null {
  return MACHINE_PRESETS[MACHINE_PRESETS.indexOf(preset) + 1] ?? null;
}

/** Metadata of a run that says which preset its next attempt gets instead of its job's. */
export const PRESET_OVERRIDE = '_preset_override';

/** Metadata of a run that says which preset was too small for its last attempt. */
export const UPGRADED_FROM = '_oom_upgraded_from';

/** Metadata that Baton writes itself: nobody else may, or an executor could give itself the memory it likes. */
export const RESERVED_METADATA: readonly string[] = [PRESET_OVERRIDE, UPGRADED_FROM];

/** The preset of the next attempt of a run: what its metadata says, else that of its job; what is no preset counts as not said. */
export function effectivePreset(ofJob: MachinePreset, metadata: Readonly<Record<string, unknown>>): MachinePreset {
  return MACHINE_PRESETS.find((preset) => preset === metadata[PRESET_OVERRIDE]) ?? ofJob;
}

/** What an attempt on a machine costs, in whole millionths of a US dollar. */
export function computeCost(preset: MachinePreset, milliseconds: number): number {
  return Math.ceil((milliseconds * MACHINES[preset].microusdPerSec) / 1_000);
}
