/** Everything but letters, marks, digits, underscores and their kin, hyphens and spaces. */
const DROPPED = /[^\p{L}\p{M}\p{Nd}\p{Nl}\p{Pc}\- ]/gu;

/** Gives headings their anchors as GitHub does; one slugger per document, since the second "Setup" becomes `setup-1`. */
export function makeSlugger(): (text: string) => string {
  const taken = new Map<string, number>();
  return (text) => {
    const base = text.trim().toLowerCase().replace(DROPPED, '').replaceAll(' ', '-');
    let slug = base;
    // A heading "Setup 1" may already have taken the name that the second "Setup" would get.
    for (let count = taken.get(base) ?? 0; taken.has(slug); ) {
      count += 1;
      taken.set(base, count);
      slug = `${base}-${count}`;
    }
    taken.set(slug, 0);
    return slug;
  };
}
