package layout

import (
	"cmp"
	"slices"
)

// flow places streams in a picture as CSS 2.1 places boxes without content in a block of the picture's size: in-flow blocks below each other
// with collapsing margins, floats (section 9.5), lines of inline boxes, relative and absolute positions.
//
// A stream has no size of its own. A block without a width is as wide as the picture. Any other box without a width is not seen, nor is a box
// without a height. Inline boxes have a size, because they count as replaced elements. A float that follows inline boxes begins below their
// line.
type flow struct {
	width, height pixels
	boxes         []box

	y        pixels // lower edge of the flow so far; collapsing margins are not added yet
	positive pixels // largest positive margin that may still collapse with the next one
	negative pixels
	floats   []floated
	line     []int // indexes of the boxes in the line
	cursor   pixels
}

// box is the border box of a stream.
type box struct {
	style
	stream                   string
	x, y, w, h               pixels
	top, right, bottom, left pixels // margins
	layer                    int
}

// floated is the margin box of a float.
type floated struct {
	left       bool
	x, y, w, h pixels
}

// Layers of the painting order (CSS 2.1 appendix E). Boxes of one layer are ordered by z-index, then in the order of the streams.
const (
	layerBlock = iota
	layerFloat
	layerInline
	layerPositioned
)

// custom places streams by a style sheet.
func (p picture) custom(ordered []Stream, s sheet) []Tile {
	f := flow{width: pixels(p.width) * pixel, height: pixels(p.height) * pixel} // ARC-LAY-10, decision 16
	for i, st := range s.styles(ordered) {
		f.add(ordered[i].ID, st)
	}
	f.endLine()
	slices.SortStableFunc(f.boxes, func(a, b box) int {
		return cmp.Or(cmp.Compare(a.layer, b.layer), cmp.Compare(a.z, b.z))
	})
	whole := Rect{W: p.width, H: p.height}
	tiles := make([]Tile, 0, len(f.boxes))
	for _, b := range f.boxes {
		t := Tile{Stream: b.stream, Rect: b.rect(), Cover: b.is("object-fit", "cover")}
		if t.Rect.Intersect(whole).W > 0 {
			tiles = append(tiles, t)
		}
	}
	return tiles
}

// rect returns the box in pixels. It rounds position and size down to even numbers separately, so that equal boxes stay equal and neighbours do
// not overlap.
func (b box) rect() Rect {
	whole := func(v pixels) int { return even(int(v >> 6)) }
	return Rect{whole(b.x), whole(b.y), whole(b.w), whole(b.h)}
}

func (f *flow) add(stream string, s style) {
	b := box{stream: stream, style: s}
	b.top, b.bottom = s.lengths["margin-top"].of(f.width), s.lengths["margin-bottom"].of(f.width)
	b.left, b.right = s.lengths["margin-left"].of(f.width), s.lengths["margin-right"].of(f.width)
	absolute := s.is("position", "absolute")
	float := !absolute && (s.is("float", "left") || s.is("float", "right"))
	inline := !absolute && !float && (s.is("display", "inline") || s.is("display", "inline-block"))
	f.size(&b, absolute, !float && !inline)
	switch {
	case absolute:
		f.absolute(&b)
	case float:
		b.layer = layerFloat
		f.float(&b)
	case inline:
		b.layer = layerInline
		f.inline(b)
		return
	default:
		f.block(&b)
	}
	f.boxes = append(f.boxes, b.layered())
}

// size sets the width and height of a box.
func (f *flow) size(b *box, absolute, fills bool) {
	l := b.lengths
	switch {
	case l["width"].set:
		b.w = l["width"].of(f.width)
	case absolute && l["left"].set && l["right"].set:
		b.w = f.width - l["left"].of(f.width) - l["right"].of(f.width) - b.left - b.right
	case !absolute && fills:
		b.w = f.width - b.left - b.right
	}
	switch {
	case l["height"].set:
		b.h = l["height"].of(f.height)
	case absolute && l["top"].set && l["bottom"].set:
		b.h = f.height - l["top"].of(f.height) - l["bottom"].of(f.height) - b.top - b.bottom
	}
	b.w = within(b.w, l["min-width"], l["max-width"], f.width)
	b.h = within(b.h, l["min-height"], l["max-height"], f.height)
}

// within limits v to a maximum, then to a minimum.
func within(v pixels, least, most length, base pixels) pixels {
	if most.set {
		v = min(v, most.of(base))
	}
	if least.set {
		v = max(v, least.of(base))
	}
	return max(0, v)
}

// layered returns the box with its layer in the painting order. Only positioned boxes keep their z-index.
func (b box) layered() box {
	if b.is("position", "relative") || b.is("position", "absolute") {
		b.layer = layerPositioned
	} else {
		b.z = 0
	}
	return b
}

// shift moves a relatively positioned box. left has priority over right, top over bottom.
func (f *flow) shift(b *box) {
	if !b.is("position", "relative") {
		return
	}
	l := b.lengths
	switch {
	case l["left"].set:
		b.x += l["left"].of(f.width)
	case l["right"].set:
		b.x -= l["right"].of(f.width)
	}
	switch {
	case l["top"].set:
		b.y += l["top"].of(f.height)
	case l["bottom"].set:
		b.y -= l["bottom"].of(f.height)
	}
}

// absolute places a box relative to the picture's edges, or where it would be as a block.
func (f *flow) absolute(b *box) {
	l := b.lengths
	b.x, b.y = b.left, f.y+f.positive+f.negative+f.lineHeight()+b.top
	switch {
	case l["left"].set:
		b.x = l["left"].of(f.width) + b.left
	case l["right"].set:
		b.x = f.width - l["right"].of(f.width) - b.right - b.w
	}
	switch {
	case l["top"].set:
		b.y = l["top"].of(f.height) + b.top
	case l["bottom"].set:
		b.y = f.height - l["bottom"].of(f.height) - b.bottom - b.h
	}
}

// collapse adds a margin to the collapsing margins.
func (f *flow) collapse(margin pixels) {
	f.positive, f.negative = max(f.positive, margin), min(f.negative, margin)
}

// advance applies the collapsing margins to the flow.
func (f *flow) advance() {
	f.y += f.positive + f.negative
	f.positive, f.negative = 0, 0
}

// block places an in-flow block. With overflow hidden it stands beside floats, otherwise behind them.
func (f *flow) block(b *box) {
	f.endLine()
	f.collapse(b.top)
	if b.h == 0 && b.keywords["clear"] == "" {
		b.x, b.y = b.left, f.y+f.positive+f.negative
		f.collapse(b.bottom)
		return
	}
	f.advance()
	f.y = max(f.y, f.cleared(*b))
	b.x, b.y = b.left, f.y
	if b.is("overflow", "hidden") {
		fills := !b.lengths["width"].set
		for {
			left, right, next := f.band(b.y)
			if room := right - left - b.left - b.right; fills && room > 0 {
				b.w = within(room, b.lengths["min-width"], b.lengths["max-width"], f.width)
			}
			if b.w+b.left+b.right <= right-left || next == b.y {
				b.x = left + b.left
				break
			}
			b.y = next
		}
	}
	f.y = b.y + b.h
	f.collapse(b.bottom)
	f.shift(b)
}

// cleared returns the highest position that the box's clear allows.
func (f *flow) cleared(b box) pixels {
	y := -farthest
	for _, fl := range f.floats {
		if b.is("clear", "both") || b.is("clear", "left") && fl.left || b.is("clear", "right") && !fl.left {
			y = max(y, fl.y+fl.h)
		}
	}
	return y
}

// band returns the free space between the floats at y, and the y at which the next of these floats ends; y itself if there are none.
func (f *flow) band(y pixels) (left, right, next pixels) {
	left, right, next = 0, f.width, y
	for _, fl := range f.floats {
		if y < fl.y || y >= fl.y+fl.h {
			continue
		}
		if fl.left {
			left = max(left, fl.x+fl.w)
		} else {
			right = min(right, fl.x)
		}
		if next == y || fl.y+fl.h < next {
			next = fl.y + fl.h
		}
	}
	return left, right, next
}

// float places a float as high as the boxes before it allow, then as far to its side as possible.
func (f *flow) float(b *box) {
	f.endLine()
	m := floated{left: b.is("float", "left"), w: b.left + b.w + b.right, h: b.top + b.h + b.bottom}
	m.y = max(f.y+f.positive+f.negative, f.cleared(*b))
	if n := len(f.floats); n > 0 {
		m.y = max(m.y, f.floats[n-1].y)
	}
	for {
		left, right, next := f.band(m.y)
		if m.x = left; !m.left {
			m.x = right - m.w
		}
		if m.w <= right-left || next == m.y {
			break
		}
		m.y = next
	}
	f.floats = append(f.floats, m)
	b.x, b.y = m.x+b.left, m.y+b.top
	f.shift(b)
}

// inline adds a box to the line, or begins a line. The boxes of a line stand on its lower edge.
func (f *flow) inline(b box) {
	need := b.left + b.w + b.right
	if len(f.line) > 0 {
		if _, right, _ := f.band(f.y); f.cursor+need > right {
			f.endLine()
		}
	}
	if len(f.line) == 0 {
		f.advance()
		for {
			left, right, next := f.band(f.y)
			f.cursor = left
			if need <= right-left || next == f.y {
				break
			}
			f.y = next
		}
	}
	b.x = f.cursor + b.left
	f.cursor += need
	f.line = append(f.line, len(f.boxes))
	f.boxes = append(f.boxes, b.layered())
}

func (f *flow) lineHeight() pixels {
	h := pixels(0)
	for _, i := range f.line {
		h = max(h, f.boxes[i].top+f.boxes[i].h+f.boxes[i].bottom)
	}
	return h
}

func (f *flow) endLine() {
	h := f.lineHeight()
	for _, i := range f.line {
		b := &f.boxes[i]
		b.y = f.y + h - b.bottom - b.h
		f.shift(b)
	}
	f.y += h
	f.line = f.line[:0]
}
