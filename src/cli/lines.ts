/** JSON values line by line, out of a body that comes in any pieces. */

/** A line cannot be longer: foster's own are cut at 1 MiB, and JSON makes of a byte six at most. */
const longest = 16 * 1024 * 1024

/** The values of the lines, chunk by chunk, so that what came together can be written together. */
export async function* jsonLines(body: AsyncIterable<Buffer>, fault: () => Error): AsyncGenerator<readonly unknown[]> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const piece of body) {
    const text = decoder.decode(piece, { stream: true })
    const end = text.lastIndexOf('\n')
    if (end === -1) {
      rest += text
      if (rest.length > longest) throw fault()
      continue
    }
    const lines = (rest + text.slice(0, end)).split('\n')
    rest = text.slice(end + 1)
    yield lines.flatMap(line => (line === '' ? [] : [parsedLine(line, fault)]))
  }
  if (rest !== '') yield [parsedLine(rest, fault)]
}

function parsedLine(line: string, fault: () => Error): unknown {
  try {
    return JSON.parse(line)
  } catch {
    throw fault()
  }
}
