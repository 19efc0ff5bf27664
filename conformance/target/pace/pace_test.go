package pace

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestDownload drips bytes for two minutes. What has come has to be enough for the time that is over.
func TestDownload(t *testing.T) {
	for name, c := range map[string]struct {
		each int // bytes of every second
		want string
	}{
		"nothing":     {0, "the download had not ended after 1m0s"},
		"trickle":     {1, "the download had not ended after 1m0s"},
		"slow":        {500, ""},
		"in no hurry": {1000, ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var file bytes.Buffer
				ctx, d := Bounds{Patience: time.Minute, Rate: 1000, Most: 1 << 20}.Begin(t.Context(), &file)
				defer d.Stop()
				for range 119 {
					if ctx.Err() != nil {
						break
					}
					if _, err := d.Write(make([]byte, c.each)); err != nil {
						t.Fatal(err)
					}
					time.Sleep(time.Second)
				}
				got := ""
				if ctx.Err() != nil {
					got = context.Cause(ctx).Error()
				}
				if got != c.want || d.Got != int64(file.Len()) {
					t.Errorf("%q, want %q; %d bytes came, %d are kept", got, c.want, d.Got, file.Len())
				}
			})
		})
	}
}

func TestDownloadIsTooLong(t *testing.T) {
	var file bytes.Buffer
	_, d := Bounds{Patience: time.Minute, Most: 10}.Begin(t.Context(), &file)
	defer d.Stop()
	for range 2 {
		if _, err := d.Write(make([]byte, 5)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := d.Write([]byte{1}); err == nil || !strings.Contains(err.Error(), "too long: it has more than 10 bytes") || file.Len() != 10 {
		t.Errorf("%v, kept %d", err, file.Len())
	}
}

// TestBoundsOfTheLedger checks that the bounds hold what a plan expects many times over, and far less than a disk.
func TestBoundsOfTheLedger(t *testing.T) {
	if b := Of(time.Minute); b.Patience < time.Minute || b.Rate < 10<<10 || b.Most < 100<<20 || b.Most > 1<<30 {
		t.Errorf("%+v", b)
	}
}

// TestPage checks that a web page is told by its first words, and that no file is taken for one.
func TestPage(t *testing.T) {
	for file, want := range map[string]string{
		"<html><head><style>p{}</style></head><body><h1>Service</h1>is being\nupdated</body></html>": "Service is being updated",
		" <!DOCTYPE html><body><img>":    "no words",
		"\x00\x00\x00\x20ftypisom<html>": "", "PK\x03\x04<html>": "", "": "", "the film": "",
	} {
		_, d := Bounds{Patience: time.Minute, Most: 1 << 20}.Begin(t.Context(), new(bytes.Buffer))
		for _, b := range []byte(file) {
			if _, err := d.Write([]byte{b}); err != nil {
				t.Fatal(err)
			}
		}
		if d.Stop(); d.Page() != want {
			t.Errorf("%q: %q, want %q", file, d.Page(), want)
		}
	}
}
