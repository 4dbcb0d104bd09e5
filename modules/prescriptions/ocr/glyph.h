/* An own reader of single printed glyphs: digits, slash, plus and the vulgar fractions, which no Tesseract model contains.
 * A small convolutional network; its weights (glyph_weights.c) are written by tests/ocr/glyph_train.c. */
#ifndef DASTERN_OCR_GLYPH_H
#define DASTERN_OCR_GLYPH_H

#include <leptonica/allheaders.h>

enum glyph_class { GLYPH_0, GLYPH_9 = 9, GLYPH_SLASH, GLYPH_HALF, GLYPH_QUARTER, GLYPH_THREE_QUARTERS, GLYPH_PLUS, GLYPH_OTHER, GLYPH_CLASSES };

/* The network: 20 x 20 ink levels, 5 x 5 convolution, 2 x 2 maximum, 3 x 3 convolution, 2 x 2 maximum, one linear layer
 * that also sees the width / height of the glyph. */
enum {
    NET_IN = 20, NET_K1 = 5, NET_C1 = 10, NET_S1 = NET_IN - NET_K1 + 1, NET_P1 = NET_S1 / 2,
    NET_K2 = 3, NET_C2 = 20, NET_S2 = NET_P1 - NET_K2 + 1, NET_P2 = NET_S2 / 2,
    NET_FLAT = NET_C2 * NET_P2 * NET_P2 + 1,
};
struct glyph_net {
    float k1[NET_C1][NET_K1][NET_K1], b1[NET_C1];
    float k2[NET_C2][NET_C1][NET_K2][NET_K2], b2[NET_C2];
    float full[GLYPH_CLASSES][NET_FLAT], bias[GLYPH_CLASSES];
};
extern const struct glyph_net glyph_net;

/* What the network sees of a place on a grey picture: ink 0..1, the longer side fitted to 18 of the 20 px, centred. */
struct glyph_input { float ink[NET_IN][NET_IN]; float aspect; };
void glyph_normalise(PIX *grey, const BOX *place, struct glyph_input *out);

/* All activations, so that the trainer shares the forward pass. */
struct glyph_trace {
    float a1[NET_C1][NET_S1][NET_S1], p1[NET_C1][NET_P1][NET_P1];
    float a2[NET_C2][NET_S2][NET_S2], flat[NET_FLAT], out[GLYPH_CLASSES]; /* out: probabilities */
};
void glyph_forward(const struct glyph_net *net, const struct glyph_input *in, struct glyph_trace *trace);

/* What stands alone in `place`: the likeliest class, and the digit it is if it must be one, each with its probability. */
struct glyph_vote { enum glyph_class class, digit; double probability, digit_probability; };
struct glyph_vote glyph_read(PIX *grey, const BOX *place);

#endif
