package launch

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"reelcheck/conformance/target/config"
)

// sh launches a shell script as the target.
func sh(t *testing.T, script string, within time.Duration) (*Target, error) {
	t.Helper()
	f := config.File{Launch: &config.Launch{Command: []string{"sh", "-c", script}, ReadyWithin: config.Duration(within), Env: map[string]string{"REELCHECK_TEST": "{{tempdir}}"}}}
	return Start(context.Background(), f, "127.0.0.1:25", t.TempDir())
}

func TestLaunch(t *testing.T) {
	tg, err := sh(t, `echo starting >&2; touch "$REELCHECK_TEST/used"; echo '{"url":"http://127.0.0.1:9/","applicationId":"{{mail}}","apiKey":"1"}'; echo more; exec sleep 60`, 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	if tg.Credentials.URL != "http://127.0.0.1:9" || tg.Credentials.APIKey != "1" || tg.Credentials.ApplicationID != "127.0.0.1:25" {
		t.Errorf("credentials %+v", tg.Credentials)
	}
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if log, _ := os.ReadFile(tg.Log); strings.Contains(string(log), "more") {
			break
		}
	}
	pid, temp := tg.process.cmd.Process.Pid, tg.process.temp
	if err := tg.Close(); err != nil {
		t.Error(err)
	}
	if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("process %d after Close: %v", pid, err)
	}
	if _, err := os.Stat(temp); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("temporary directory after Close: %v", err)
	}
	log, err := os.ReadFile(tg.Log)
	if err != nil || !strings.Contains(string(log), "starting") || !strings.Contains(string(log), "more") {
		t.Errorf("log %q, %v", log, err)
	}
}

func TestLaunchFailures(t *testing.T) {
	for name, c := range map[string]struct {
		script string
		want   string
	}{
		"ends":      {`echo 'no such flag' >&2; exit 2`, "no such flag"},
		"silent":    {`exec sleep 60`, "no ready line"},
		"not JSON":  {`echo listening on 80; exec sleep 60`, "not the expected JSON"},
		"no such x": {`exec /nonexistent/archived`, "without a ready line"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := sh(t, c.script, 300*time.Millisecond)
			var un *UnreachableError
			if !errors.As(err, &un) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want an unreachable one with %q", err, c.want)
			}
		})
	}
}

func TestKilledTargetIsNoticedAndReaped(t *testing.T) {
	tg, err := sh(t, `echo '{"url":"http://127.0.0.1:9"}'; exec sleep 60`, 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(-tg.process.cmd.Process.Pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-tg.process.done
	select {
	case <-tg.Exited():
	default:
		t.Error("not reaped after a kill")
	}
	if err := tg.Close(); err == nil || !strings.Contains(err.Error(), "by itself") {
		t.Errorf("Close after a kill: %v", err)
	}
}

// TestLogIsBounded checks that a target which logs without end neither fills the disk nor has to wait.
func TestLogIsBounded(t *testing.T) {
	name := filepath.Join(t.TempDir(), "log")
	l, err := createLog(name)
	if err != nil {
		t.Fatal(err)
	}
	l.left = 10
	for range 5 {
		if n, err := l.Write([]byte("1234567")); n != 7 || err != nil {
			t.Fatalf("wrote %d, %v", n, err)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(name); err != nil || string(b) != "1234567123" {
		t.Errorf("%q, %v", b, err)
	}
}
