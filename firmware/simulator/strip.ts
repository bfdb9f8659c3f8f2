/**
 * The machine-readable strip at the top edge of a simulated picture: 80 bits as black and white cells, by
 * which the page measures the delay from command to picture. This file is the one description of its layout;
 * robot and page share it, so it uses neither Node nor the DOM.
 *
 * Cells are 8 x 16 pixels whatever the picture's size: two fill one 16 x 16 macroblock of H.264, four 4 x 4
 * transform blocks lie wholly inside each, and 4:2:0 chroma does not matter to black and white. 80 cells fill
 * one row of a picture 640 wide; in a narrower one they go on in further rows. A picture must reach the
 * reader unscaled.
 *
 * Bits, most significant first: 32 of the frame number, 32 of the last applied command number (all ones:
 * none), 16 of a CRC over both.
 */
export const STRIP_CELL_WIDTH_PX = 8;
export const STRIP_CELL_HEIGHT_PX = 16;
const STRIP_BITS = 80;
const NO_COMMAND = 0xffffffff;
const BLACK = 0xff000000;
const WHITE = 0xffffffff;
/** Levels (of 255) that black and white must lie apart; less is no strip but a dark picture or a plain one. */
const MIN_CONTRAST = 64;

export interface Strip {
  /** Number of the picture since its source started, modulo 2^32. */
  readonly frame: number;
  /** `seq` modulo 2^32 of the newest command that had reached the wheels when the picture was drawn. */
  readonly appliedSeq: number | null;
}

/** As `ImageData`: RGBA bytes, row after row. Rows below the strip may be missing. */
export interface Picture {
  readonly data: ArrayLike<number>;
  readonly width: number;
  readonly height: number;
}

/** Height of the strip in pixels for a picture of that width: all the reader needs to see. */
export function stripHeightPx(widthPx: number): number {
  return Math.ceil(STRIP_BITS / cellsPerRow(widthPx)) * STRIP_CELL_HEIGHT_PX;
}

/**
 * Draws the strip over the top of a picture. Allocates nothing.
 *
 * @param pixels RGBA as little-endian 32-bit words, row after row
 * @throws RangeError when the picture is narrower than a cell or lower than the strip
 */
export function drawStrip(
  pixels: Uint32Array,
  widthPx: number,
  frame: number,
  appliedSeq: number | null,
): void {
  const perRow = cellsPerRow(widthPx);
  if (pixels.length < widthPx * stripHeightPx(widthPx)) {
    throw new RangeError(`Expected a picture of at least ${stripHeightPx(widthPx)} rows of ${widthPx}`);
  }
  const frameWord = frame >>> 0;
  const seqWord = appliedSeq === null ? NO_COMMAND : appliedSeq >>> 0;
  const crc = crc16(frameWord, seqWord);
  for (let bit = 0; bit < STRIP_BITS; bit += 1) {
    const word = bit < 32 ? frameWord >>> (31 - bit) : bit < 64 ? seqWord >>> (63 - bit) : crc >>> (79 - bit);
    const ink = word & 1 ? WHITE : BLACK;
    const x = (bit % perRow) * STRIP_CELL_WIDTH_PX;
    const y = Math.floor(bit / perRow) * STRIP_CELL_HEIGHT_PX;
    for (let row = y; row < y + STRIP_CELL_HEIGHT_PX; row += 1) {
      const start = row * widthPx + x;
      pixels.fill(ink, start, start + STRIP_CELL_WIDTH_PX);
    }
  }
}

/**
 * Reads the strip of a decoded picture. Black and white are told apart by the middle between the darkest and
 * the brightest cell, so a limited range, a dim picture or a wrong gamma does not matter.
 * Null when there is none, or its checksum is wrong (1 in 65,536 pictures of noise gets through).
 */
export function readStrip(picture: Picture): Strip | null {
  const { width, height, data } = picture;
  if (width < STRIP_CELL_WIDTH_PX || height < stripHeightPx(width)) return null;
  const perRow = cellsPerRow(width);
  const levels = new Float64Array(STRIP_BITS);
  let darkest = Number.POSITIVE_INFINITY;
  let brightest = Number.NEGATIVE_INFINITY;
  for (let bit = 0; bit < STRIP_BITS; bit += 1) {
    const x = (bit % perRow) * STRIP_CELL_WIDTH_PX;
    const y = Math.floor(bit / perRow) * STRIP_CELL_HEIGHT_PX;
    const level = cellLevel(data, width, x, y);
    levels[bit] = level;
    darkest = Math.min(darkest, level);
    brightest = Math.max(brightest, level);
  }
  if (!(brightest - darkest >= MIN_CONTRAST)) return null;
  const middle = (brightest + darkest) / 2;
  const word = (from: number, count: number) => {
    let value = 0;
    for (let bit = from; bit < from + count; bit += 1) value = value * 2 + (levels[bit]! > middle ? 1 : 0);
    return value;
  };
  const frame = word(0, 32);
  const seq = word(32, 32);
  if (word(64, 16) !== crc16(frame, seq)) return null;
  return { frame, appliedSeq: seq === NO_COMMAND ? null : seq };
}

/** Mean brightness of a cell's inner half: its edges carry what the encoder smeared over from its neighbours. */
function cellLevel(data: ArrayLike<number>, width: number, x: number, y: number): number {
  const marginX = STRIP_CELL_WIDTH_PX / 4;
  const marginY = STRIP_CELL_HEIGHT_PX / 4;
  let sum = 0;
  for (let row = y + marginY; row < y + STRIP_CELL_HEIGHT_PX - marginY; row += 1) {
    for (let column = x + marginX; column < x + STRIP_CELL_WIDTH_PX - marginX; column += 1) {
      const at = (row * width + column) * 4;
      sum += data[at]! + 2 * data[at + 1]! + data[at + 2]!;
    }
  }
  return sum / (4 * (STRIP_CELL_WIDTH_PX - 2 * marginX) * (STRIP_CELL_HEIGHT_PX - 2 * marginY));
}

function cellsPerRow(widthPx: number): number {
  const cells = Math.floor(widthPx / STRIP_CELL_WIDTH_PX);
  if (!(cells >= 1))
    throw new RangeError(`Expected a width of at least ${STRIP_CELL_WIDTH_PX} but received ${widthPx}`);
  return cells;
}

/** CRC-16/IBM-3740 (polynomial 0x1021, start 0xFFFF); the start value keeps 80 equal bits from being valid. */
function crc16(frameWord: number, seqWord: number): number {
  let crc = 0xffff;
  for (let index = 0; index < 8; index += 1) {
    const word = index < 4 ? frameWord : seqWord;
    crc ^= ((word >>> (24 - (index & 3) * 8)) & 0xff) << 8;
    for (let bit = 0; bit < 8; bit += 1) {
      crc = crc & 0x8000 ? ((crc << 1) ^ 0x1021) & 0xffff : (crc << 1) & 0xffff;
    }
  }
  return crc;
}
