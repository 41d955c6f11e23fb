import type { JsonObject, JsonValue } from '../../core/json.ts';

/** A reference in a text: `{{a.b.0}}`, spaces around it allowed. */
const REFERENCE = /\{\{\s*([A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z0-9_-]+)*)\s*\}\}/g;
const WHOLE = new RegExp(`^${REFERENCE.source}$`);
/** Anything between double braces, to find what was meant as a reference and is none. */
const BRACES = /\{\{([^{}]{0,256})\}\}/g;

/**
 * A value with everything in place of the references in its texts. A text that is one reference becomes the value itself, whatever its
 * type; inside of a longer text a value is written out. What does not exist is null, or nothing. What is put in is not looked at again.
 */
export function render(value: JsonValue, scope: JsonObject): JsonValue {
  if (typeof value === 'string') return renderText(value, scope);
  if (Array.isArray(value)) return value.map((item) => render(item, scope));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, render(inner, scope)]));
}

function renderText(text: string, scope: JsonObject): JsonValue {
  if (!text.includes('{{')) return text;
  const whole = WHOLE.exec(text)?.[1];
  if (whole !== undefined) return lookUp(whole, scope);
  return text.replace(REFERENCE, (_match, path: string) => {
    const found = lookUp(path, scope);
    if (found === null) return '';
    return typeof found === 'object' ? JSON.stringify(found) : String(found);
  });
}

function lookUp(path: string, scope: JsonObject): JsonValue {
  let value: JsonValue = scope;
  for (const name of path.split('.')) {
    if (value === null || typeof value !== 'object' || !Object.hasOwn(value, name)) return null;
    value = (value as JsonObject)[name] ?? null;
  }
  return value;
}

/** Every reference in the texts of a value, as its path. */
export function referencesOf(value: JsonValue): string[][] {
  return textsOf(value).flatMap((text) => [...text.matchAll(REFERENCE)].map(([, path = '']) => path.split('.')));
}

/** The first thing between double braces that is no reference, or null. */
export function malformedReference(value: JsonValue): string | null {
  for (const text of textsOf(value)) {
    for (const [whole] of text.matchAll(BRACES)) if (!WHOLE.test(whole)) return whole;
  }
  return null;
}

function textsOf(value: JsonValue): string[] {
  if (typeof value === 'string') return value.includes('{{') ? [value] : [];
  if (value === null || typeof value !== 'object') return [];
  return (Array.isArray(value) ? value : Object.values(value)).flatMap(textsOf);
}
