package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// foreign is a publisher that is not part of this project.
type foreign struct {
	name    string
	missing func() string // returns why it cannot run here, or ""
	command func(t *testing.T, address string) *exec.Cmd
	encoded bool // it does not encode and needs an encoded script
	// blur widens the tolerance between sound and picture for single beats.
	blur time.Duration
}

var (
	chromium = foreign{name: "chromium", missing: installed("chromium"), command: runChromium}
	// Its audio clock sometimes loses 0.1 to 0.2 s, which the next report reveals (decision 26).
	firefox   = foreign{name: "firefox", missing: installed("firefox-esr", "pulseaudio"), command: runFirefox, blur: 210 * time.Millisecond}
	gstreamer = foreign{name: "gstreamer", missing: gstreamerMissing, command: runGStreamer}
	werift    = foreign{name: "werift", missing: weriftMissing, command: runWerift, encoded: true}
)

// installed returns a function that says which of the programs is missing.
func installed(names ...string) func() string {
	return func() string {
		for _, name := range names {
			if _, err := exec.LookPath(name); err != nil {
				return fmt.Sprintf("%s is not installed", name)
			}
		}
		return ""
	}
}

func runChromium(t *testing.T, address string) *exec.Cmd {
	return exec.Command("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
		"--disable-sync", "--no-first-run", "--disable-dev-shm-usage", "--autoplay-policy=no-user-gesture-required", "--allow-loopback-in-peer-connection",
		"--user-data-dir="+t.TempDir(), address+"/page.html")
}

// firefoxSettings allow a page to play sound without a user, and to publish over the loopback interface.
const firefoxSettings = `
user_pref("media.autoplay.default", 0);
user_pref("media.autoplay.blocking_policy", 0);
user_pref("media.peerconnection.ice.loopback", true);
user_pref("media.peerconnection.ice.obfuscate_host_addresses", false);
user_pref("media.navigator.permission.disabled", true);
user_pref("app.update.enabled", false);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("browser.aboutwelcome.enabled", false);
user_pref("privacy.reduceTimerPrecision", false);
`

func runFirefox(t *testing.T, address string) *exec.Cmd {
	profile := t.TempDir()
	must(t, os.WriteFile(filepath.Join(profile, "user.js"), []byte(firefoxSettings), 0o600))
	command := exec.Command("firefox-esr", "--headless", "--no-remote", "--profile", profile, address+"/page.html")
	command.Env = append(os.Environ(), "HOME="+profile, "PULSE_SERVER=unix:"+soundServer(t))
	return command
}

// soundServer runs PulseAudio without a device. Without it, the clock of Web Audio in Firefox stands still.
func soundServer(t *testing.T) (socket string) {
	t.Helper()
	dir := t.TempDir()
	socket = filepath.Join(dir, "socket")
	command := exec.Command("pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no", "--disable-shm=yes",
		"--load=module-null-sink", "--load=module-native-protocol-unix auth-anonymous=1 socket="+socket)
	command.Env = append(os.Environ(), "HOME="+dir, "PULSE_RUNTIME_PATH="+dir)
	runAside(t, "pulseaudio", command)
	await(t, "socket of PulseAudio", readyWithin, func() bool {
		_, err := os.Stat(socket)
		return err == nil
	})
	return socket
}

// systemPython is the Python for which Debian's packages are made.
const systemPython = "/usr/bin/python3"

func gstreamerMissing() string {
	const probe = `import gi
gi.require_version("Gst", "1.0")
gi.require_version("GstWebRTC", "1.0")
from gi.repository import Gst, GstWebRTC
Gst.init(None)
print([name for name in ("webrtcbin", "nicesrc", "vp8enc", "opusenc", "rtpvp8pay", "dtlsenc", "srtpenc") if not Gst.ElementFactory.find(name)])`
	out, err := exec.Command(systemPython, "-c", probe).Output()
	if missing := strings.TrimSpace(string(out)); err != nil || missing != "[]" {
		return "GStreamer with webrtcbin is not installed for Python: " + missing
	}
	return ""
}

func runGStreamer(_ *testing.T, address string) *exec.Cmd {
	return exec.Command(systemPython, "testdata/publishers/gstreamer.py", address)
}

func weriftMissing() string {
	if why := installed("node")(); why != "" {
		return why
	}
	if _, err := os.Stat(filepath.Join(*weriftIn, "node_modules", "werift")); err != nil {
		return "werift is not where -publishers.werift says"
	}
	return ""
}

func runWerift(_ *testing.T, address string) *exec.Cmd {
	return exec.Command("node", "testdata/publishers/werift.mjs", *weriftIn, address)
}

// play starts a foreign publisher. It ends at the end of the test.
func (f foreign) play(t *testing.T, address string) {
	t.Helper()
	runAside(t, f.name, f.command(t, address))
}

// runAside starts a program. The program and its children end at the end of the test.
func runAside(t *testing.T, name string, command *exec.Cmd) {
	t.Helper()
	log, err := os.Create(filepath.Join(t.TempDir(), name+".log"))
	must(t, err)
	defer log.Close() // the process has its own descriptor
	command.Stdout, command.Stderr = log, log
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL} // a test that is killed has no cleanup
	must(t, command.Start())
	t.Cleanup(func() {
		_ = syscall.Kill(-command.Process.Pid, syscall.SIGKILL)
		_ = command.Wait() // it was killed, so this fails
		if content, err := os.ReadFile(log.Name()); err == nil && t.Failed() {
			t.Logf("%s:\n%s", name, content[max(0, len(content)-4000):])
		}
	})
}
