package main

import (
	"bytes"
	"encoding/hex"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"reelcheck/fixtures"
)

// TestNothingUnencryptedAtRest scans the data directory while an archive is recorded, after its stop, during its upload and after it. To prove
// the scan, it must find the same bytes if the application has no certificate.
func TestNothingUnencryptedAtRest(t *testing.T) {
	t.Parallel()
	for name, h := range map[string]*keyHolder{"certificate": newKeyHolder(t), "none": nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := recordFor(t, h, 2)
			r.bucket.hold = true
			seen := []tree{scan(t, r.server.data)}
			r.publisher.AwaitSent(r.publisher.Sent() + seconds(1))
			seen = append(seen, scan(t, r.server.data))
			r.stop()
			seen = append(seen, scan(t, r.server.data))
			reached(t, "upload", r.bucket.gate)
			seen = append(seen, scan(t, r.server.data))
			close(r.bucket.gate.opened)
			a := r.client.awaitStatus(r.archive, "uploaded")
			seen = append(seen, scan(t, r.server.data))

			file := r.file(t, a)
			watch(t, file).expect(t, r.span, 0)
			published, delivered := find(seen, payloads(t)), find(seen, excerpts(file))
			if h == nil {
				if len(published) == 0 || len(delivered) == 0 {
					t.Fatalf("without a certificate the scan finds what was published in %v, what was delivered in %v", published, delivered)
				}
				return
			}
			if len(published)+len(delivered) > 0 {
				t.Errorf("what was published is in %v, what was delivered in %v", published, delivered)
			}
			r.expectSecrets(t, a, seen)
			r.hooks.expect(t, "started", "stopped", "uploaded")
			if got := r.hooks.passwords; got[0] != "" || got[len(got)-1] != a.Password {
				t.Errorf("passwords of the webhooks %q, the archive has %q", got, a.Password)
			}
			r.server.terminate()
		})
	}
}

// expectSecrets checks that the data directory contains neither the secrets that open the archive nor the key that protects them.
func (r *recording) expectSecrets(t *testing.T, a archiveView, seen []tree) {
	t.Helper()
	info, err := os.Stat(r.server.data + ".key")
	must(t, err)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("the key file has mode %v", info.Mode())
	}
	text, err := os.ReadFile(r.server.data + ".key")
	must(t, err)
	master, err := hex.DecodeString(strings.TrimSpace(string(text)))
	must(t, err)
	key, vector := r.keyHolder.secrets(t, a.Password)
	if places := find(seen, [][]byte{master, bytes.TrimSpace(text), key, vector, []byte(hex.EncodeToString(key))}); len(places) > 0 {
		t.Errorf("keys are in %v", places)
	}
}

// tree is the contents of the files in a directory at one time, by path.
type tree map[string][]byte

func scan(t *testing.T, dir string) tree {
	t.Helper()
	found := tree{}
	must(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) { // removed meanwhile
			return nil
		}
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		found[path] = content
		return err
	}))
	return found
}

// find returns the paths of files that contain any of the wanted bytes.
func find(trees []tree, wanted [][]byte) (paths []string) {
	for _, files := range trees {
		for path, content := range files {
			if slices.ContainsFunc(wanted, func(w []byte) bool { return bytes.Contains(content, w) }) {
				paths = append(paths, path)
			}
		}
	}
	return paths
}

// payloads returns bytes from the middle of the published pictures and sound.
func payloads(t *testing.T) (list [][]byte) {
	t.Helper()
	manifest, err := fixtures.Load()
	must(t, err)
	v, err := manifest.Video(video)
	must(t, err)
	pictures, err := v.Frames()
	must(t, err)
	take := func(data []byte, most int) {
		if excerpt, ok := middle(data); ok && len(list) < most {
			list = append(list, excerpt)
		}
	}
	for _, p := range pictures {
		take(p.Data, 60)
	}
	tone, err := manifest.Tone("tone-01")
	must(t, err)
	packets, err := tone.Packets()
	must(t, err)
	for _, p := range packets {
		take(p.Data, 120)
	}
	if len(list) < 60 {
		t.Fatalf("%d payloads to look for", len(list))
	}
	return list
}

// excerpts returns pieces of a file that are likely to be unique.
func excerpts(file []byte) (list [][]byte) {
	for at := len(file) / 4; at+24 < len(file) && len(list) < 100; at += len(file) / 150 {
		if e := file[at : at+24]; telling(e) {
			list = append(list, e)
		}
	}
	return list
}

func middle(b []byte) ([]byte, bool) {
	if len(b) < 50 {
		return nil, false
	}
	excerpt := b[len(b)/2:][:24]
	return excerpt, telling(excerpt)
}

// telling reports whether an excerpt is not padding and unlikely to be found elsewhere by chance.
func telling(excerpt []byte) bool {
	return len(slices.Compact(slices.Sorted(slices.Values(excerpt)))) > 16
}

// TestEncryptedKilled checks that an encrypted recording survives the same crashes as others, and that its file can be decrypted.
func TestEncryptedKilled(t *testing.T) {
	t.Parallel()
	t.Run("recording", func(t *testing.T) {
		t.Parallel()
		r := recordFor(t, newKeyHolder(t), 3)
		r.killServer()
		logs, err := filepath.Glob(filepath.Join(r.server.data, "recordings", "journals", "*", "*", "*", "*.seg"))
		must(t, err)
		for _, path := range logs { // the machine dies too: the last record is torn
			info, err := os.Stat(path)
			must(t, err)
			must(t, os.Truncate(path, info.Size()-3))
		}
		if len(logs) == 0 {
			t.Fatal("no log of a stream was left")
		}
		r.restart(t, r.server.data, crashLoss)
		r.hooks.expect(t, "started", "stopped", "uploaded")
	})
	t.Run("uploading", func(t *testing.T) {
		t.Parallel()
		r := recordFor(t, newKeyHolder(t), 2)
		r.stopUploading()
		r.survive(0, r.bucket.gate)
	})
	t.Run("without its key file", func(t *testing.T) {
		t.Parallel()
		r := recordFor(t, newKeyHolder(t), 2)
		r.killServer()
		key := r.server.data + ".key"
		must(t, os.Rename(key, key+".away"))
		p, ready := launch(t, r.server.data)
		if line := <-ready; line != "" {
			t.Errorf("the server is ready: %s", line)
		}
		p.wait()
		if log, err := os.ReadFile(p.logs); err != nil || !strings.Contains(string(log), "key-file: "+key+" does not exist") {
			t.Errorf("the log does not say what is wrong: %v\n%s", err, log)
		}
		must(t, os.Rename(key+".away", key))
		r.restart(t, r.server.data, crashLoss)
	})
}

// TestSealedJournalComposedByHand checks that the tool opens the journal of a killed server with the server's key file alone.
func TestSealedJournalComposedByHand(t *testing.T) {
	t.Parallel()
	r := recordFor(t, newKeyHolder(t), 2)
	r.killServer()
	journals, err := filepath.Glob(filepath.Join(r.server.data, "recordings", "journals", "*"))
	must(t, err)
	if len(journals) != 1 {
		t.Fatalf("journals: %v", journals)
	}
	out := filepath.Join(t.TempDir(), "out.mp4")
	key, args := r.server.data+".key", []string{"compose", journals[0], "-o", out}
	must(t, os.Rename(key, key+".away"))
	var said bytes.Buffer
	if err := run(t.Context(), args, &said, &said); err == nil || exitCode(t.Context(), err) != failed || !strings.Contains(err.Error(), "key-file: "+key+" does not exist") {
		t.Errorf("without its key file: %v", err)
	}
	must(t, run(t.Context(), append(args, "--key-file", key+".away"), &said, &said))
	must(t, os.Rename(key+".away", key))
	must(t, run(t.Context(), append(args, "-y"), &said, &said))
	file, err := os.ReadFile(out)
	must(t, err)
	watch(t, file).expect(t, r.span, crashLoss)
}

// TestEncryptedFallback checks that a copy in the built-in cloud is encrypted like the file that could not be delivered.
func TestEncryptedFallback(t *testing.T) {
	t.Parallel()
	p, h := start(t, filepath.Join(t.TempDir(), "data")), newKeyHolder(t)
	storage := map[string]any{"type": "s3", "fallback": "opentok", "certificate": h.certificate, "config": map[string]string{
		"accessKey": accessKey, "secretKey": secretKey, "bucket": bucketName, "endpoint": "http://127.0.0.1:1", "region": "eu-west-1",
	}}
	c := isolatedClient(t, p, map[string]any{})
	c.call(http.MethodPut, c.project()+"/archive/storage", storage, nil)
	session := c.createSession()
	publisher := c.publish(session)
	var a archiveView
	recorded := span{from: act(publisher, func() { a = c.startArchive(session) })}
	publisher.AwaitSent(recorded.from.late + seconds(2))
	recorded.to = act(publisher, func() { c.stopArchive(a.ID) })
	publisher.Stop()
	await(t, "file", fileWithin, func() bool { return c.archive(a.ID).Size > 0 })
	exchange(t, http.MethodPost, p.ready.URL+"/control/v1/applications/"+c.app.ID+"/clock", p.ready.ControlToken,
		map[string]any{"advance": 7 * 3600 * 1000}, http.StatusOK, nil)
	a = c.awaitStatus(a.ID, "available")
	file := download(t, a.URL)
	expectFile(t, a, file)
	watch(t, h.decrypt(t, a.Password, file)).expect(t, recorded, 0)
	kept := scan(t, p.data)
	if places := find([]tree{kept}, [][]byte{file[len(file)/2:][:64]}); len(places) != 1 {
		t.Errorf("the encrypted file is in %v, want the cloud alone", places)
	}
	if places := find([]tree{kept}, payloads(t)); len(places) > 0 {
		t.Errorf("what was published is in %v", places)
	}
	p.terminate()
}

// TestCertificateSetMeanwhile checks that a running archive is not encrypted if a certificate is set, but that the next one of the same session
// is.
func TestCertificateSetMeanwhile(t *testing.T) {
	t.Parallel()
	p, h, b := start(t, filepath.Join(t.TempDir(), "data")), newKeyHolder(t), openBucket(t)
	c := isolatedClient(t, p, map[string]any{"storage": b.storage()})
	session := c.createSession()
	publisher := c.publish(session)
	var before, after archiveView
	first := span{from: act(publisher, func() { before = c.startArchive(session) })}
	publisher.AwaitSent(first.from.late + seconds(1))
	storage := b.storage()
	storage["certificate"] = h.certificate
	c.call(http.MethodPut, c.project()+"/archive/storage", storage, nil)
	second := span{from: act(publisher, func() {
		c.call(http.MethodPost, c.project()+"/archive", map[string]string{"sessionId": session, "multiArchiveTag": "second"}, &after)
	})}
	old := scan(t, p.data)
	publisher.AwaitSent(second.from.late + seconds(2))
	now := scan(t, p.data)
	first.to = act(publisher, func() { c.stopArchive(before.ID) })
	second.to = act(publisher, func() { c.stopArchive(after.ID) })
	before, after = c.awaitStatus(before.ID, "uploaded"), c.awaitStatus(after.ID, "uploaded")
	publisher.Stop()
	for path, content := range now { // nothing new in the journal is readable
		if had := len(old[path]); strings.HasSuffix(path, ".seg") && len(find([]tree{{path: content[min(had, len(content)):]}}, payloads(t))) > 0 {
			t.Errorf("plain after the certificate was set: %s", path)
		}
	}
	if len(find([]tree{old}, payloads(t))) == 0 {
		t.Error("the scan finds nothing before the certificate was set")
	}
	plain, sealed := b.object(t, c.app.ID+"/"+before.ID+"/archive.mp4"), b.object(t, c.app.ID+"/"+after.ID+"/archive.mp4")
	watch(t, plain).expect(t, first, 0)
	watch(t, h.decrypt(t, after.Password, sealed)).expect(t, second, 0)
	if before.Password != "" || before.Duration == 0 || after.Duration != 0 {
		t.Errorf("before %+v, after %+v", before, after)
	}
	p.terminate()
}
