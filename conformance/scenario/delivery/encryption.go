package delivery

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"reelcheck/conformance/bounded"
	"reelcheck/conformance/evidence"
	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/keyholder"
	"reelcheck/conformance/scenario"
	"reelcheck/conformance/scenario/clock"
	"reelcheck/conformance/scenario/role"
	"reelcheck/conformance/target"
	"reelcheck/conformance/target/config"
)

// Encryption uses a certificate: only the holder of the private key can read what is delivered.
var Encryption = scenario.Scenario{
	Name: scenarios.Encryption, Title: "archives encrypted for the holder of a certificate, and what is refused as one",
	Needs: []config.Capability{config.VP8, config.S3, config.Encryption}, Media: 2, Within: 90 * time.Second,
	App: scenario.App{Name: role.Sealed}, Alone: true, Run: runEncryption,
}

// clockSkew is how far the clock of a store that the user brings may be behind.
const clockSkew = 5 * time.Second

type encryptionFlow struct {
	*scenario.Flow
	began   time.Time
	storage target.Storage
	holder  keyholder.Holder
	session string
	alice   *scenario.Member
	earlier []string // ids of the archives before the present one
}

func runEncryption(ctx context.Context, f *scenario.Flow) (err error) {
	e := &encryptionFlow{Flow: f, began: time.Now(), storage: *f.Place.Storage(f.Place.Name)}
	if e.holder, err = keyholder.New(2048); err != nil {
		return err
	}
	if err := e.badCertificates(ctx); err != nil {
		return err
	}
	a, err := e.As.SetStorage(ctx, "storage.certificate", e.storage, e.holder.Certificate)
	if err != nil {
		return err
	}
	if a.Status != 200 {
		return scenario.Blocked("storage.certificate", "setting an upload target with a certificate answered %s", a.Describe())
	}
	if e.session, e.alice, err = f.Alone(ctx, "vp8-15", "tone-15"); err != nil {
		return err
	}
	if err := e.encrypted(ctx, "", map[string]any{"name": "encryption"}, 3*time.Second); err != nil {
		return err
	}
	if err := e.encrypted(ctx, "sounds.", map[string]any{"name": "encryption of sound", "hasVideo": false}, 2*time.Second); err != nil {
		return err
	}
	for _, try := range []struct{ prefix, mode string }{{"individual.", "auto"}, {"individual.manual.", "manual"}} {
		if err := e.individual(ctx, try.prefix, try.mode); err != nil {
			return err
		}
	}
	if a, err = e.As.SetStorage(ctx, "storage.off", e.storage, nil); err != nil {
		return err
	}
	if a.Status != 200 {
		return scenario.Blocked("storage.off", "setting an upload target with certificate null answered %s", a.Describe())
	}
	plain, err := f.Record(ctx, "plain.", e.session, map[string]any{"name": "encryption"}, 2*time.Second)
	if err != nil {
		return err
	}
	if err := f.DeliverAs(ctx, "plain.", plain.ID); err != nil {
		return err
	}
	if _, err := f.As.Get(ctx, "plain.get.delivered", plain.ID); err != nil {
		return err
	}
	return e.alice.Leave(ctx)
}

// individual tries to start an individual archive with a streamMode and records what comes of it.
func (e *encryptionFlow) individual(ctx context.Context, prefix, mode string) error {
	manual := mode == "manual"
	if !e.Target.File.Has(config.Individual) || manual && !e.Target.File.Has(config.Manual) {
		return nil
	}
	a, err := e.As.Start(ctx, prefix+"start", map[string]any{"sessionId": e.session, "name": "encryption", "outputMode": "individual", "streamMode": mode})
	id := a.String("id")
	if err != nil || a.Status != 200 || id == "" {
		return err
	}
	if manual {
		if _, err := e.As.Select(ctx, prefix+"add", id, map[string]any{"addStream": e.alice.Pub.StreamID()}); err != nil {
			return err
		}
	}
	if err := clock.Sleep(ctx, time.Second); err != nil {
		return err
	}
	if err := e.Stop(ctx, prefix+"stop", id); err != nil {
		return err
	}
	return e.handedOver(ctx, prefix, id, seeing{".individual", e.LookInside})
}

// badCertificates sends certificates that are invalid.
func (e *encryptionFlow) badCertificates(ctx context.Context) error {
	large, err := keyholder.New(3072)
	if err != nil {
		return err
	}
	curve, err := keyholder.Curve()
	if err != nil {
		return err
	}
	for _, bad := range []struct{ label, certificate string }{{"words", "not a certificate"}, {"large-key", large.Certificate}, {"curve", curve}} {
		if _, err := e.As.SetStorage(ctx, "storage."+bad.label, e.storage, bad.certificate); err != nil {
			return err
		}
	}
	return nil
}

// encrypted records an archive and decrypts what was delivered.
func (e *encryptionFlow) encrypted(ctx context.Context, prefix string, options map[string]any, long time.Duration) error {
	a, err := e.Record(ctx, prefix, e.session, options, long)
	if err != nil {
		return err
	}
	return e.handedOver(ctx, prefix, a.ID, seeing{".media", e.Look})
}

// seeing is a way to analyse files of one format: look does it, and the labels of its records end in suffix.
type seeing struct {
	suffix string
	look   func(label, id, sha string)
}

// handedOver waits for an archive, and downloads, analyses and decrypts what was delivered.
func (e *encryptionFlow) handedOver(ctx context.Context, prefix, id string, s seeing) error {
	status, err := e.Must(ctx, prefix+"wait.delivered", id, scenario.Delivery, "uploaded", "available", "failed")
	if err != nil {
		return err
	}
	if err := e.AwaitHooks(ctx, prefix+"hooks.delivered", id, scenario.Soon, "stopped", status); err != nil {
		return err
	}
	a, err := e.As.Get(ctx, prefix+"get.delivered", id)
	if err != nil {
		return err
	}
	objects, err := e.everything(ctx, prefix+"object", id)
	if err != nil {
		return err
	}
	for _, o := range objects {
		sum, err := e.Download(ctx, prefix+"object", id, o)
		if err != nil {
			return err
		}
		// The encrypted object is no file of the archive for the checks of files: the forensics only say whether it can
		// be read.
		s.look(prefix+"sealed"+s.suffix, "", sum)
		plain, err := e.open(prefix+"opened", id, sum, a.String("password"))
		if err != nil {
			return err
		}
		if plain != "" {
			s.look(prefix+"opened"+s.suffix, id, plain)
		}
	}
	e.earlier = append(e.earlier, id)
	return nil
}

// everything lists all objects at the upload target. Nothing may be there but the archive, those before it, and those of scenarios
// that share the target.
func (e *encryptionFlow) everything(ctx context.Context, label, id string) ([]evidence.Object, error) {
	others := append(e.Elsewhere(), e.earlier...)
	return e.ObjectsThat(ctx, label, id, func(o evidence.Object) bool {
		other := slices.ContainsFunc(others, func(id string) bool { return strings.Contains(o.Key, id) })
		return !other && !o.Modified.Before(e.began.Add(-clockSkew))
	})
}

// open decrypts an object with its password, and returns the hash of the plain file if there is one.
func (e *encryptionFlow) open(label, id, sum, password string) (plain string, err error) {
	found, err := e.decrypt(sum, password)
	if err != nil {
		return "", err
	}
	return found.Plain, e.Append(evidence.Record{Label: label, IDs: e.ArchiveIDs(id), Opened: &found})
}

// sealedLimit is the largest object in bytes that is decrypted, of an archive of seconds.
const sealedLimit = 128 << 20

// decrypt never fails because of what the target delivered: that is evidence.
func (e *encryptionFlow) decrypt(sum, password string) (found evidence.Opened, err error) {
	found.SHA256 = sum
	sealed, err := bounded.File(e.Journal.View().BlobPath(sum), sealedLimit)
	if over := new(bounded.Error); errors.As(err, &over) {
		found.Error = over.Error()
		return found, nil
	}
	if err != nil {
		return found, err
	}
	var plain bytes.Buffer
	said, problem := e.holder.Open(password)
	if problem == nil {
		found.Version, found.Algorithm, found.Mode = int(said.Version), int(said.Algorithm), int(said.Mode)
		problem = said.Decrypt(&plain, bytes.NewReader(sealed))
	}
	if found.Error = text(problem); found.Error != "" {
		return found, nil
	}
	found.Excerpts, found.Found = excerpts(plain.Bytes(), sealed)
	found.Plain, _, err = e.Journal.Keep(&plain)
	return found, err
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// excerpts takes pieces from all over the plain file and counts those that are in the encrypted one.
func excerpts(plain, sealed []byte) (taken, found int) {
	const pieces, size = 100, 24
	for i := range pieces {
		at := len(plain) / pieces * i
		if at+size > len(plain) {
			break
		}
		taken++
		if bytes.Contains(sealed, plain[at:at+size]) {
			found++
		}
	}
	return taken, found
}
