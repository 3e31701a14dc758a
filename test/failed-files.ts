/**
 * A reporter of node:test: the files in which something failed, one a line. `.ci/run` runs them once more, to tell
 * what fails from what failed once.
 */
import type { TestEvent } from 'node:test/reporters'

/** Gives each such file once, as soon as it is known. The default export is what node:test calls. */
export default async function* failedFiles(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const known = new Set<string>()
  for await (const { type, data } of events) {
    if (type !== 'test:fail') continue
    // `file` is where the call of test() stands, which may be a helper; without an entry it is the file itself.
    const file = data.entryFile ?? data.file
    if (file === undefined || known.has(file)) continue
    known.add(file)
    yield `${file}\n`
  }
}
