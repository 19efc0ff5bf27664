package main

import (
	"crypto/sha256"
	"encoding/base64"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// seconds returns the number of frames in n seconds of published video.
func seconds(n float64) int { return int(n * videoRate) }

// TestRecordAndDownload records and downloads without any settings: with the default application and the built-in cloud.
func TestRecordAndDownload(t *testing.T) {
	t.Parallel()
	p, c, session, publisher := onAir(t, nil)
	var a archiveView
	var recorded span
	recorded.from = act(publisher, func() { a = c.startArchive(session) })
	publisher.AwaitSent(recorded.from.late + seconds(3))
	recorded.to = act(publisher, func() { c.stopArchive(a.ID) })
	stopped := time.Now()
	a = c.awaitStatus(a.ID, "available")
	t.Logf("available %v after the stop", time.Since(stopped))
	publisher.Stop()

	file := download(t, a.URL)
	expectFile(t, a, file)
	watch(t, file).expect(t, recorded, 0)
	if status, _ := fetch(t, strings.Replace(a.URL, "archive.mp4", "archive.zip", 1)); status == http.StatusOK {
		t.Error("the link opens another file too")
	}
	p.terminate()
}

// expectFile checks that a file agrees with its archive.
func expectFile(t *testing.T, a archiveView, file []byte) {
	t.Helper()
	sum := sha256.Sum256(file)
	if want := base64.StdEncoding.EncodeToString(sum[:]); a.SHA256Sum != want || a.Size != int64(len(file)) {
		t.Errorf("archive says size %d, sha256sum %q; the file has %d, %q", a.Size, a.SHA256Sum, len(file), want)
	}
}

func download(t *testing.T, link string) []byte {
	t.Helper()
	status, content := fetch(t, link)
	if status != http.StatusOK {
		t.Fatalf("GET %s: %d: %s", link, status, content)
	}
	return content
}

func fetch(t *testing.T, link string) (status int, content []byte) {
	t.Helper()
	response, err := http.Get(link)
	must(t, err)
	defer response.Body.Close()
	content, err = io.ReadAll(response.Body)
	must(t, err)
	return response.StatusCode, content
}
