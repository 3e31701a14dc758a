/** Answers of the servers for Supervisor's clients. */
import type { Reply } from '../handlers.ts'

/** An answer in XML. */
export const xml = (text: string): Reply => ({ status: 200, text, type: 'text/xml' })

const messages: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  411: 'Length Required',
  500: 'Internal Server Error',
}

/** An answer that is none. */
export function fail(status: number): { readonly status: number; readonly text: string; readonly type: string } {
  const text = `<html><head><title>Error</title></head><body>Error code ${status}: ${messages[status] ?? ''}.</body></html>\n`
  return { status, text, type: 'text/html' }
}

/** A header that may have been sent more than once. */
export function one(header: string | string[] | undefined): string {
  return Array.isArray(header) ? (header[0] ?? '') : (header ?? '')
}
