// The text of a value.
import { TextDecoder } from 'node:util';

// What windows-1252 has where Latin-1 has controls. Node 20 and 22 read the one as the other where a decoder is to be strict.
const own = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ';

/** Makes texts of bytes; throws for what is not UTF-8. */
export function textDecoder(encoding: string): (bytes: Buffer) => string {
  if (encoding === 'windows-1252') {
    return (bytes) => bytes.toString('latin1').replace(/[\x80-\x9f]/g, (c) => own[c.charCodeAt(0) - 0x80]!);
  }
  const decoder = new TextDecoder(encoding, { fatal: true, ignoreBOM: true });
  return (bytes) => decoder.decode(bytes);
}
