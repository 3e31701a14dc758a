/** The page's HTML: whatever programs are called or say, it stays text. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { html, statusPage, tailPage } from '../../../src/api/supervisor/page.ts'

const hostile = `"><script>alert('1')</script>&amp;`

test('no text becomes markup', () => {
  fc.assert(fc.property(fc.string(), text => assert.doesNotMatch(html(text), /[<>"']|&(?!#\d+;)/)))
  const process = { group: hostile, name: hostile, statename: 'RUNNING', description: hostile }
  const page = statusPage({ token: 't', identifier: hostile, message: hostile, processes: [process] })
  for (const text of [page, tailPage(hostile, 'stdout', hostile)]) {
    assert.ok(!text.includes('<script'), text)
    assert.ok(!text.includes(`'1'`), text)
    assert.doesNotMatch(text, /https?:|src=|@import|url\(/)
  }
})

test('buttons are forms that are posted with the token; a program that does not run has no stop', () => {
  const of = (statename: string) => {
    const process = { group: 'g', name: 'web', statename, description: '' }
    return statusPage({ token: 'tok', identifier: 'x', message: undefined, processes: [process] })
  }
  assert.equal(
    of('RUNNING').match(/<form method="post" action="\/"><input type="hidden" name="token" value="tok">/g)?.length,
    2,
  )
  assert.match(of('RUNNING'), /value="stop"/)
  assert.doesNotMatch(of('EXITED'), /value="stop"/)
  assert.match(of('EXITED'), /name="processname" value="g:web"><button name="action" value="start"/)
})
