// Puts generated text into a file that people write, between two marks.

const BEGIN = "<!-- accuracy -->";
const END = "<!-- /accuracy -->";

/** The page with `text` in place of what was between the marks. @throws where a mark is missing or there are two. */
export function betweenMarkers(page: string, text: string): string {
  const before = page.split(BEGIN);
  const after = page.split(END);
  if (before.length !== 2 || after.length !== 2 || page.indexOf(BEGIN) > page.indexOf(END)) {
    throw new Error(
      `Cannot write the report: the file needs one "${BEGIN}" and after it one "${END}"`,
    );
  }
  return `${before[0]}${BEGIN}\n\n${text.trim()}\n\n${END}${after[1]}`;
}
