import { inflateSync } from 'node:zlib';

/** The colours of a PNG of 8-bit red, green, blue without filters, as the agent writes them. */
export class Picture {
  readonly width: number;
  readonly height: number;
  private readonly lines: Buffer;

  constructor(png: Buffer) {
    if (png.readUInt32BE(0) !== 0x89504e47) throw new Error('This is no PNG.');
    this.width = png.readUInt32BE(16);
    this.height = png.readUInt32BE(20);
    const data: Buffer[] = [];
    for (let at = 8; at < png.length; at += png.readUInt32BE(at) + 12) {
      const body = png.subarray(at + 8, at + 8 + png.readUInt32BE(at));
      if (png.toString('latin1', at + 4, at + 8) === 'IDAT') data.push(body);
    }
    this.lines = inflateSync(Buffer.concat(data));
  }

  /** Such as `#ff8800`. */
  at(x: number, y: number): string {
    const place = y * (this.width * 3 + 1) + 1 + x * 3;
    return `#${this.lines.toString('hex', place, place + 3)}`;
  }

  /** How many pixels have the colour. */
  count(color: string): number {
    let found = 0;
    for (let y = 0; y < this.height; y++)
      for (let x = 0; x < this.width; x++) if (this.at(x, y) === color) found++;
    return found;
  }
}
