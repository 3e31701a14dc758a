/** Values that are not written down: what refers to each, so that the same name never means two of them. */

/** Where the value comes from: a file, or the configuration, which masks it. */
export type Source = { readonly file: string } | { readonly value: string }

/** A value that whoever applies the export has to give. */
export interface Reference {
  readonly key: string
  readonly source: Source
}

/** The references so far. */
export interface References {
  /** What a variable of a container refers to. */
  readonly to: (unit: string, variable: string, source: Source) => string
  readonly all: () => readonly Reference[]
}

/** No references yet. `unusable`: what a key may not have in it. */
export function references(unusable: RegExp): References {
  const keys = new Map<string, Reference>()
  const clean = (name: string): string => name.replace(unusable, '_').slice(0, 200) || '_'
  const isSame = (a: Source, b: Source): boolean => JSON.stringify(a) === JSON.stringify(b)
  return {
    to(unit, variable, source) {
      const wished = [clean(variable), clean(`${unit}_${variable}`)]
      for (let count = 0; ; count++) {
        const key = wished[count] ?? `${wished[1]}_${count}`
        const known = keys.get(key)
        if (known === undefined) keys.set(key, { key, source })
        if (known === undefined || isSame(known.source, source)) return key
      }
    },
    all: () => [...keys.values()],
  }
}

/** A word for a shell. */
export function shellWord(text: string): string {
  return /^[\w./@%+=:,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}
