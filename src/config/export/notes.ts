/** What is said in exports of every format. */

/** Beside a value with `***` in it. */
export const maskedNote = '*** came from a variable, or may be secret: --show-secrets writes it'

/** An option of the command line. */
export interface ExportOptions {
  /** The image that every container runs. */
  readonly image: string
  /** The name of the whole: a DNS-1123 label. */
  readonly name: string
}
