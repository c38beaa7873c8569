/** What stands beside a field whose content does not count. */

export const fields = {
  fieldUnreadable: "This is not a number.",
  fieldWhole: (least: string, most: string) => `whole numbers from ${least} to ${most}`,
  fieldRange: (least: string, most: string) => `numbers from ${least} to ${most}`,
  fieldOrNothing: (range: string) => `${range}, or nothing`,
  fieldAllowed: (range: string) => `Allowed: ${range}.`,
  fieldKept: (value: string) => `Until then it stays at ${value}.`,
  batchSizeRefused: "The address asks for a batch size that there is none of.",
  fieldNone: "Until then it does not count.",
};
