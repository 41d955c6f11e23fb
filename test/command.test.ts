import { describe, expect, it } from 'vitest';
import { parseImageUri } from '../src/core/command.ts';

describe('a command', () => {
  it.each<[string, string[]]>([
    ['exec:node', ['node']],
    ['exec:  node \t worker.js\n--fast ', ['node', 'worker.js', '--fast']],
    ['exec:echo \'a b\' "c d"', ['echo', 'a b', 'c d']],
    ['exec:echo a\'b c\'d"e f"g', ['echo', 'ab cde fg']],
    ['exec:echo "a \\"b\\" \\\\ \\n"', ['echo', 'a "b" \\ \\n']],
    ["exec:echo 'a \\ b'", ['echo', 'a \\ b']],
    ['exec:echo a\\ b \\" \\\\', ['echo', 'a b', '"', '\\']],
    ['exec:echo \'\' ""', ['echo', '', '']],
    [
      'exec:echo $HOME `id` $(id) * ; rm -rf / | cat && x > y #z',
      ['echo', '$HOME', '`id`', '$(id)', '*', ';', 'rm', '-rf', '/', '|', 'cat', '&&', 'x', '>', 'y', '#z'],
    ],
  ])('%j is split as written, and nothing in it is run', (imageUri, [program, ...args]) => {
    expect(parseImageUri(imageUri)).toEqual({ program, args });
  });

  it.each([
    ['node worker.js', /must have the form exec:<command>/],
    ['docker:node', /must have the form exec:<command>/],
    ['exec:', /names no program/],
    ['exec:   ', /names no program/],
    ["exec:'' a", /names no program/],
    ["exec:echo 'a", /not followed by its end/],
    ['exec:echo "a', /not followed by its end/],
    ['exec:echo "a\\"', /not followed by its end/],
    ['exec:echo a\\', /not followed by its end/],
    ['exec:echo a\0b', /NUL/],
    [`exec:${'a'.repeat(2_048)}`, /at most 2048 characters/],
  ])('%j is refused in words', (imageUri, fault) => {
    expect(parseImageUri(imageUri)).toEqual({ fault: expect.stringMatching(fault) });
  });
});
