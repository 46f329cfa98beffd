// Aligned columns. Knows no measurement.

/**
 * @param {string} title
 * @param {string[]} head
 * @param {string[][]} rows
 */
export function printTable(title, head, rows) {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)));
  const line = (row) =>
    row.map((cell, at) => (at === 0 ? cell.padEnd(widths[at]) : cell.padStart(widths[at]))).join('  ');
  console.log(`\n${title}\n${all.map((row) => line(row).trimEnd()).join('\n')}`);
}
