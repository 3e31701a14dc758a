/** Lines that are lost are an event, and counted. */
import assert from 'node:assert/strict'
import { e2e } from './rig.ts'
import { Api } from './rig-api.ts'

e2e('dropped lines are told to those who follow the events', async rig => {
  const api = new Api(rig)
  const web = rig.puppet('web')
  const programs = { web: { command: web.command, start_seconds: 0, log: { overflow: 'drop', format: 'raw' } } }
  const foster = await rig.start({ programs, control: { socket: api.path } })
  await web.up()
  await api.open()
  const followed = api.follow('/v1/events?follow=1&program=web')
  foster.readers.stdout?.pause()
  await web.does('awk \'BEGIN { for (i = 0; i < 100000; i++) printf "%099d\\n", i }\'')
  foster.readers.stdout?.resume()
  const [, said = ''] = await foster.line(/web: (\d+) lines dropped/)
  const event = await followed.line('the loss', it => it.type === 'dropped')
  assert.deepEqual([event.process, event.lines], ['web', Number(said)])
  followed.close()
})
