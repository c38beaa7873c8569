const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit++) remainder = remainder & 1 ? (remainder >>> 1) ^ 0xedb88320 : remainder >>> 1;
  return remainder;
});

/**
 * CRC-32 as in zip, gzip and PNG (ISO 3309), which finds every damage of up to 32 bits in a row. `before` is the
 * checksum of the bytes that came earlier, to go on from.
 */
export function crc32(bytes: Uint8Array, before = 0): number {
  let checksum = ~before;
  for (let index = 0; index < bytes.length; index++) {
    checksum = (TABLE[(checksum ^ (bytes[index] ?? 0)) & 255] ?? 0) ^ (checksum >>> 8);
  }
  return ~checksum >>> 0;
}
