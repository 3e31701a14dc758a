/** Writes the generated pages: `npm run docs`. */
import { writeFileSync } from 'node:fs'
import { pages } from './pages.ts'

for (const [path, page] of pages) writeFileSync(path, page())
