// Publishes by werift the pictures and the sound of the script server's /media, at their pace, and tells the test of every beat.
import { createRequire } from 'node:module'
const [, , modules, server] = process.argv
const { RTCPeerConnection, MediaStreamTrack, RtpPacket, RtpHeader, useVP8, useOPUS } = createRequire(modules + '/')('werift')

const get = async what => (await fetch(server + what)).json()
const tell = (what, more) => fetch(server + '/told', { method: 'POST', body: JSON.stringify({ what, ...more }) })
const sleep = ms => new Promise(done => setTimeout(done, ms))

// packets splits a VP8 frame (RFC 7741): one octet before each piece says whether it is the first one.
function packets(frame) {
  const pieces = []
  for (let at = 0; at < frame.length; at += 1100) pieces.push(Buffer.concat([Buffer.from([at === 0 ? 0x10 : 0]), frame.subarray(at, at + 1100)]))
  return pieces
}

// sender writes units of a fixed length with RTP timestamps that begin anywhere.
function sender(track, ticks) {
  let sequence = Math.floor(Math.random() * 30000), stamp = Math.floor(Math.random() * 2 ** 31)
  return pieces => {
    for (const [i, piece] of pieces.entries()) {
      const header = new RtpHeader({ sequenceNumber: sequence++ & 0xffff, timestamp: stamp, marker: i === pieces.length - 1, payloadType: 96 })
      track.writeRtp(new RtpPacket(header, piece))
    }
    stamp = (stamp + ticks) % 2 ** 32
  }
}

async function publish(script) {
  const connection = new RTCPeerConnection({ codecs: { audio: [useOPUS()], video: [useVP8()] }, iceAdditionalHostAddresses: ['127.0.0.1'] })
  const picture = new MediaStreamTrack({ kind: 'video' }), sound = new MediaStreamTrack({ kind: 'audio' })
  connection.addTransceiver(picture, { direction: 'sendonly' })
  connection.addTransceiver(sound, { direction: 'sendonly' })
  await connection.setLocalDescription(await connection.createOffer())
  while (connection.iceGatheringState !== 'complete') await sleep(10)
  const answer = await fetch(script.whip, {
    method: 'POST', body: connection.localDescription.sdp,
    headers: { 'Content-Type': 'application/sdp', 'Authorization': 'Bearer ' + script.token },
  })
  if (answer.status !== 201) throw new Error(`the offer is answered ${answer.status}: ${await answer.text()}`)
  await connection.setRemoteDescription({ type: 'answer', sdp: await answer.text() })
  while (connection.connectionState !== 'connected') {
    if (connection.connectionState === 'failed') throw new Error('the connection failed')
    await sleep(10)
  }
  return { picture: sender(picture, 90000 / script.rate), sound: sender(sound, 48 * 20) }
}

try {
  const script = await get('/script'), media = await get('/media')
  const send = await publish(script)
  await tell('connected')
  const start = performance.now() + 500
  const every = 1000 / script.rate
  for (let at = 0, picture = 0, sound = 0; sound < media.packets.length;) {
    await sleep(start + at - performance.now())
    for (; picture * every <= at && picture < media.frames.length; picture++) {
      send.picture(packets(Buffer.from(media.frames[picture], 'base64')))
      if (picture * every % script.period === 0) tell('beat', { beat: Math.round(picture * every / script.period) })
    }
    for (; sound * 20 <= at && sound < media.packets.length; sound++) send.sound([Buffer.from(media.packets[sound], 'base64')])
    at = Math.min(picture * every, sound * 20)
  }
  await tell('end')
} catch (error) {
  await tell('error', { note: String(error) })
}
