/** Builds `dist/foster`: esbuild bundles the sources, Node freezes them into a start-up snapshot inside its own executable. */
import { readFileSync } from 'node:fs'
import { allSteps, buildExecutable } from './executable.ts'

const size = await buildExecutable('dist', allSteps)
const { version } = JSON.parse(readFileSync('package.json', 'utf8'))
process.stdout.write(`dist/foster ${version}: bundle of ${Math.round(size / 1024)} KiB\n`)
