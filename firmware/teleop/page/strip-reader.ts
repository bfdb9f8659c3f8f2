import { readStrip, type Strip, stripHeightPx } from '../../simulator/strip.ts';

/** Reads the strip of what a <video> shows now, through a small canvas that is never on the page. */
export class StripReader {
  readonly #canvas = document.createElement('canvas');
  readonly #context = this.#canvas.getContext('2d', { willReadFrequently: true, alpha: false });

  read(video: HTMLVideoElement): Strip | null {
    const { videoWidth: width } = video;
    if (!this.#context || width < 8) return null;
    const height = stripHeightPx(width);
    if (this.#canvas.width !== width || this.#canvas.height !== height) {
      this.#canvas.width = width;
      this.#canvas.height = height;
    }
    this.#context.drawImage(video, 0, 0, width, height, 0, 0, width, height);
    return readStrip(this.#context.getImageData(0, 0, width, height));
  }
}
