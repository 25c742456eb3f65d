/** Names of countries for their codes, in English as everything here. */

/** "Germany" for "DE"; the code itself where nobody knows it. */
export function countryName(code: string): string {
  try {
    return COUNTRIES.of(code) ?? code;
  } catch {
    return code; // not a code at all
  }
}

const COUNTRIES = new Intl.DisplayNames("en", { type: "region" });
