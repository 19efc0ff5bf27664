package seal

import (
	"errors"
	"os"
	"path/filepath"
)

// journalKey is the wrapped key of a journal, in its folder. It opens only there: the folder's name, which is the session's, is whose it
// is.
const journalKey = "key"

// JournalKey returns the key of the journal in dir, nil when it has none.
func (k *Keyfile) JournalKey(dir string) ([]byte, error) {
	key, err := k.Load(filepath.Join(dir, journalKey), journalName(dir))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	return key, err
}

// NewJournalKey makes and stores the key of the journal in dir.
func (k *Keyfile) NewJournalKey(dir string) ([]byte, error) {
	key := NewKey()
	return key, k.Store(filepath.Join(dir, journalKey), journalName(dir), key)
}

// JournalKeys lists the journals below dir that have a key.
func JournalKeys(dir string) (journals []string, err error) {
	keys, err := filepath.Glob(filepath.Join(dir, "*", journalKey))
	for _, path := range keys {
		journals = append(journals, filepath.Dir(path))
	}
	return journals, err
}

func journalName(dir string) string { return "journal " + filepath.Base(dir) }
