import type { Config } from '../../config/schema.ts';
import type { CaptureSource as AddonSource } from '../../native/addon.ts';
import type { FrameProducer } from './camera.ts';

export type CaptureSource =
  | { readonly kind: 'pushed'; readonly producer: FrameProducer }
  | Exclude<AddonSource, { readonly kind: 'pushed' }>;

export interface ChosenSource {
  readonly source: CaptureSource;
  /** Tried in turn with `source` for as long as neither is there. */
  readonly fallback?: CaptureSource;
}

/**
 * Where the configuration takes its pictures from.
 * @param producer draws the simulator's pictures; null on a robot that is none
 * @throws Error when the simulator's pictures are asked of a robot that is not simulated
 */
export function chooseSource(
  { source, device, file }: Config['video'],
  producer: FrameProducer | null,
): ChosenSource {
  switch (source) {
    case 'auto':
      if (producer) return { source: { kind: 'pushed', producer } };
      return { source: { kind: 'libcamera' }, fallback: { kind: 'v4l2', device } };
    case 'simulator':
      if (producer) return { source: { kind: 'pushed', producer } };
      throw new Error('Expected a simulated robot, since video.source is simulator');
    case 'v4l2':
      return { source: { kind: 'v4l2', device } };
    case 'file':
      return { source: { kind: 'file', path: file } };
    default:
      return { source: { kind: source } };
  }
}
