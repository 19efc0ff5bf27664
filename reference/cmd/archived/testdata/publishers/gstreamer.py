"""Publishes by webrtcbin a picture and a tone that change together at every beat, as STAGE/script says, and tells the test of it."""
import array
import json
import math
import queue
import sys
import threading
import time
import urllib.error
import urllib.request

import gi
gi.require_version('Gst', '1.0')
gi.require_version('GstSdp', '1.0')
gi.require_version('GstWebRTC', '1.0')
from gi.repository import GLib, Gst, GstSdp, GstWebRTC

WIDTH, HEIGHT, SOUND = 640, 480, 48000
TICK = 20  # ms: one piece of sound; every second one a picture

server = sys.argv[1]
script = json.load(urllib.request.urlopen(server + '/script'))
said = queue.Queue()


def tell(what, **more):
    said.put(json.dumps({'what': what, **more}).encode())


def telling():
    while True:
        urllib.request.urlopen(server + '/told', said.get()).read()


def picture(beat):
    """The picture of a beat, I420."""
    rows = [bytearray(b'\x78' * WIDTH) for _ in range(HEIGHT)]

    def fill(x, y, width, height, level):
        for row in rows[y:y + height]:
            row[x:x + width] = bytes([level]) * width

    cell, border, columns = script['cell'], script['border'], script['columns']
    left, top = script['left'], script['top']
    fill(left, top, columns * cell + 2 * border, script['rows'] * cell + 2 * border, 235)
    for i, white in enumerate(script['marks'][beat]):
        if white == '0':
            fill(left + border + i % columns * cell, top + border + i // columns * cell, cell, cell, 16)
    chroma = bytes([90 if beat % 2 else 170]) * (WIDTH * HEIGHT // 4)
    return b''.join(rows) + chroma + bytes([140]) * (WIDTH * HEIGHT // 4)


def sound(beat, since):
    """TICK ms of sound that begin so many ms after a beat."""
    samples = SOUND * TICK // 1000
    if since >= 100:
        return bytes(2 * samples)
    frequency = script['tones'][beat % len(script['tones'])]
    first = since * SOUND // 1000
    return array.array('h', (int(16000 * math.sin(2 * math.pi * frequency * (first + i) / SOUND)) for i in range(samples))).tobytes()


Gst.init(None)
pipeline = Gst.parse_launch(f'''
  webrtcbin name=publisher bundle-policy=max-bundle
  appsrc name=pictures is-live=true format=time caps=video/x-raw,format=I420,width={WIDTH},height={HEIGHT},framerate=25/1
    ! queue ! vp8enc deadline=1 cpu-used=8 target-bitrate=800000 keyframe-max-dist=250
    ! rtpvp8pay pt=96 ! application/x-rtp,media=video,encoding-name=VP8,payload=96,clock-rate=90000 ! publisher.
  appsrc name=sounds is-live=true format=time caps=audio/x-raw,format=S16LE,layout=interleaved,rate={SOUND},channels=1
    ! queue ! opusenc ! rtpopuspay pt=97 ! application/x-rtp,media=audio,encoding-name=OPUS,payload=97,clock-rate=48000,encoding-params=(string)2 ! publisher.
''')
publisher = pipeline.get_by_name('publisher')
connected = threading.Event()


def push(name, data, at, length):
    buffer = Gst.Buffer.new_wrapped(data)
    buffer.pts, buffer.duration = at * Gst.MSECOND, length * Gst.MSECOND
    pipeline.get_by_name(name).emit('push-buffer', buffer)


def play():
    """Pushes pictures and sound when the clock has reached them; beats begin when the publisher is connected."""
    clock, first = pipeline.get_clock(), None
    pictures = [picture(beat) for beat in range(script['beats'])]
    at = (clock.get_time() - pipeline.get_base_time()) // Gst.MSECOND // 40 * 40
    while True:
        time.sleep(max(0, pipeline.get_base_time() + at * Gst.MSECOND - clock.get_time()) / Gst.SECOND)
        if first is None and connected.is_set() and at % 40 == 0:
            first = at + 1000
        beat, since = divmod(at - first, script['period']) if first is not None and at >= first else (0, script['period'])
        if beat == script['beats']:
            return tell('end')
        if at % 40 == 0:
            push('pictures', pictures[beat], at, 40)
        push('sounds', sound(beat, since), at, TICK)
        if since == 0:
            tell('beat', beat=beat)
        at += TICK


def ask(signal, *arguments):
    promise = Gst.Promise.new()
    publisher.emit(signal, *arguments, promise)
    promise.wait()
    return promise.get_reply()


def negotiate():
    reply = ask('create-offer', None)
    ask('set-local-description', reply.get_value('offer'))
    while publisher.get_property('ice-gathering-state') != GstWebRTC.WebRTCICEGatheringState.COMPLETE:
        time.sleep(0.01)
    offer = publisher.get_property('local-description').sdp.as_text()
    headers = {'Content-Type': 'application/sdp', 'Authorization': 'Bearer ' + script['token']}
    try:
        answer = urllib.request.urlopen(urllib.request.Request(script['whip'], offer.encode(), headers)).read()
    except urllib.error.HTTPError as refused:
        return tell('error', note=f'{refused}: {refused.read()}')
    _, sdp = GstSdp.SDPMessage.new_from_text(answer.decode())
    ask('set-remote-description', GstWebRTC.WebRTCSessionDescription.new(GstWebRTC.WebRTCSDPType.ANSWER, sdp))


def state(*_):
    now = publisher.get_property('connection-state')
    if now == GstWebRTC.WebRTCPeerConnectionState.CONNECTED:
        connected.set()
        tell('connected')
    elif now == GstWebRTC.WebRTCPeerConnectionState.FAILED:
        tell('error', note='the connection failed')


def failed(_, message):
    tell('error', note=str(message.parse_error()))


publisher.connect('on-negotiation-needed', lambda *_: threading.Thread(target=negotiate, daemon=True).start())
publisher.connect('notify::connection-state', state)
bus = pipeline.get_bus()
bus.add_signal_watch()
bus.connect('message::error', failed)
threading.Thread(target=telling, daemon=True).start()
pipeline.set_state(Gst.State.PLAYING)
pipeline.get_state(Gst.CLOCK_TIME_NONE)
threading.Thread(target=play, daemon=True).start()
GLib.MainLoop().run()
