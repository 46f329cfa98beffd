// How many columns of a terminal a text takes. Knows no form.

export type WidthOf = (text: string) => number;

/** Direction marks, joiners and tags: terminals give them no room, the library gives them a column. */
const WITHOUT_WIDTH =
  /[\u061c\u180e\u200b\u200c\u200e\u200f\u2060-\u2064\ufeff]|\u200d(?!\p{Extended_Pictographic})|[\u{e0000}-\u{e007f}]/gu;

/** Loads the library; colours count nothing, wide characters two. */
export async function loadWidth(): Promise<WidthOf> {
  const { default: widthOf } = await import('fast-string-width');
  return (text) => widthOf(text.replace(WITHOUT_WIDTH, ''));
}
