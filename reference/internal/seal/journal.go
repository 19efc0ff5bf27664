package seal

import (
	"errors"
	"os"
	"path/filepath"

	"reelcheck/reference/internal/durable"
)

// journalKey is the file in a journal's folder with the journal's wrapped key. The name of the folder, the session's id, is part of the
// wrapping, so the key cannot be opened in another folder.
const journalKey = "key"

// JournalKey returns the key of the journal in dir, nil if it has none.
func (k *Keyfile) JournalKey(dir string) ([]byte, error) {
	key, err := k.Load(filepath.Join(dir, journalKey), journalName(dir))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	return key, err
}

// NewJournalKey creates and stores the key of the journal in dir.
func (k *Keyfile) NewJournalKey(dir string) ([]byte, error) {
	key := NewKey()
	return key, k.Store(filepath.Join(dir, journalKey), journalName(dir), key)
}

// JournalKeys returns the folders below dir of the journals that have a key.
func JournalKeys(dir string) (journals []string, err error) {
	keys, err := durable.Glob(dir, "*/"+journalKey)
	for _, path := range keys {
		journals = append(journals, filepath.Dir(path))
	}
	return journals, err
}

func journalName(dir string) string { return "journal " + filepath.Base(dir) }
