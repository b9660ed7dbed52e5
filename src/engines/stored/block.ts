/** How many contents one compressed block holds at most. */
export const blockExchangesMax = 64;
/** A block is closed once its contents reach this size before compression. */
export const blockBytesMax = 256 * 1024;
/** Smaller commits keep their contents raw: compressing few exchanges costs more than inserting them. */
export const blockExchangesMin = 10;
