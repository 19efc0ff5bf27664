package lifecycle

import (
	"context"

	"reelcheck/conformance/target/config"
)

// startBeside starts the archive once more, with a tag, if the target supports that. The same limits end it.
func (l *limitFlow) startBeside(ctx context.Context) (err error) {
	if !l.Target.File.Has(config.Simultaneous) {
		return nil
	}
	options := l.options()
	options["multiArchiveTag"] = "beside"
	l.beside, err = l.Start(ctx, "beside.start", l.session, options)
	return err
}

// lookBeside reads the archive with a tag.
func (l *limitFlow) lookBeside(ctx context.Context, label string) error {
	if l.beside.ID == "" {
		return nil
	}
	_, err := l.As.Get(ctx, "beside.get."+label, l.beside.ID)
	return err
}

// deliverBeside follows the archive with a tag to its file.
func (l *limitFlow) deliverBeside(ctx context.Context) error {
	if l.beside.ID == "" {
		return nil
	}
	return l.DeliverAs(ctx, "beside.", l.beside.ID)
}
