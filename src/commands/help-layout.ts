// Paragraphs, lists and headings of help texts, 80 columns wide. Knows no topic.

/** Columns; also where the terminal is wider, since longer lines are hard to read. */
export const HELP_WIDTH = 80;

/** Blocks with an empty line between, and an LF at the end. */
export function page(...blocks: readonly string[]): string {
  return `${blocks.join('\n\n')}\n`;
}

/** Words filled into lines; a word that is longer than a line stays whole. */
export function paragraph(text: string, indent = 0): string {
  const margin = ' '.repeat(indent);
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    if (line !== '' && indent + line.length + 1 + word.length > HELP_WIDTH) {
      lines.push(margin + line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, margin + line].join('\n');
}

/** A heading and its lines below, without an empty line between. */
export function section(heading: string, ...lines: readonly string[]): string {
  return [`${heading}:`, ...lines].join('\n');
}

/** Terms in a column of their own, their explanations beside them. */
export function definitions(pairs: readonly (readonly [term: string, explanation: string])[]): string {
  const indent = 2 + Math.max(...pairs.map(([term]) => term.length)) + 2;
  return pairs
    .map(([term, explanation]) => `  ${term}`.padEnd(indent) + paragraph(explanation, indent).trimStart())
    .join('\n');
}

/** Terms that are too long for a column: the explanation stands below. */
export function entries(pairs: readonly (readonly [term: string, explanation: string])[]): string {
  return pairs.map(([term, explanation]) => `${paragraph(term, 2)}\n${paragraph(explanation, 6)}`).join('\n');
}
