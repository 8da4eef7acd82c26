/* The selective scan (S6) and its gradients, for blocks of W channels of one sequence.

   h[t] = exp(dt[t] A) h[t-1] + dt[t] u[t] B[t],   y[t] = h[t] . C[t]

   u, dt, y (batch, length, channels); A (channels, state); B, C (batch, length, state);
   h0, last (batch, channels, state). Channels stand side by side in the innermost loops, so that
   a compiler makes vectors of them. Work item i is block i % blocks of sequence i / blocks; a
   caller splits the items over threads, and no two items write to one place.

   For the gradients the forward pass marks the state before every K-th step; the backward pass
   computes the states between two marks again instead of reading them from memory. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#ifdef DOUBLE
typedef double REAL;
typedef uint64_t BITS;
#define MANTISSA 52
#define BIAS 1023
#define LEAST (-708.0)
#define MOST 710.0
#define ROUNDER 6755399441055744.0 /* 1.5 * 2^52: adding it rounds to a whole number */
#define TERMS 13
#else
typedef float REAL;
typedef uint32_t BITS;
#define MANTISSA 23
#define BIAS 127
#define LEAST (-87.0f)
#define MOST 89.0f
#define ROUNDER 12582912.0f /* 1.5 * 2^23 */
#define TERMS 7
#endif

#ifndef W
#define W 32
#endif
#ifndef K
#define K 16
#endif
#define INLINE static inline __attribute__((always_inline))

enum { width = W, stride = K };

static const REAL reciprocal[] = {
    (REAL)1.0,        (REAL)(1.0 / 2),  (REAL)(1.0 / 3),  (REAL)(1.0 / 4), (REAL)(1.0 / 5),
    (REAL)(1.0 / 6),  (REAL)(1.0 / 7),  (REAL)(1.0 / 8),  (REAL)(1.0 / 9), (REAL)(1.0 / 10),
    (REAL)(1.0 / 11), (REAL)(1.0 / 12), (REAL)(1.0 / 13)};

INLINE BITS bits_of(REAL x) {
    BITS b;
    memcpy(&b, &x, sizeof b);
    return b;
}

/* exp(x) = 2^k exp(r) with |r| <= ln(2)/2 and Taylor's series for exp(r). There is no branch, or
   the loops around it would not become vectors. Below LEAST the result stays at exp(LEAST). */
INLINE REAL exponential(REAL x) {
    x = x < LEAST ? LEAST : x;
    x = x > MOST ? MOST : x;
    REAL shifted = x * (REAL)1.44269504088896340736 + ROUNDER;
    REAL k = shifted - ROUNDER;
    REAL r = x - k * (REAL)0.693359375; /* ln(2) in two parts, the first short enough for k */
    r = r + k * (REAL)2.12194440054690583e-4;
    REAL series = 1;
    for (int i = TERMS; i > 0; i--) series = 1 + series * (r * reciprocal[i - 1]);
    BITS power = (bits_of(shifted) - bits_of(ROUNDER) + BIAS) << MANTISSA;
    REAL scale;
    memcpy(&scale, &power, sizeof scale);
    return series * scale;
}

INLINE REAL sum(const REAL *x) {
    REAL part[W];
    memcpy(part, x, sizeof part);
    for (int half = W / 2; half; half /= 2)
        for (int w = 0; w < half; w++) part[w] += part[w + half];
    return part[0];
}

/* W neighbouring channels, zeros beyond the last one. */
INLINE void load(REAL *to, const REAL *from, int valid) {
    if (valid == W) {
        memcpy(to, from, W * sizeof(REAL));
    } else {
        memset(to, 0, W * sizeof(REAL));
        memcpy(to, from, valid * sizeof(REAL));
    }
}

INLINE void store(REAL *to, const REAL *from, int valid) {
    memcpy(to, from, (valid == W ? W : valid) * sizeof(REAL));
}

/* Rows of a (channels, state) matrix as columns, and back. */
INLINE void load_turned(REAL *to, const REAL *from, int states, int valid) {
    for (int n = 0; n < states; n++)
        for (int w = 0; w < W; w++) to[n * W + w] = w < valid ? from[w * states + n] : 0;
}

INLINE void store_turned(REAL *to, const REAL *from, int states, int valid) {
    for (int w = 0; w < valid; w++)
        for (int n = 0; n < states; n++) to[w * states + n] = from[n * W + w];
}

typedef struct {
    int64_t length, channels, states;
    const REAL *u, *dt, *A, *B, *C;
} Scan;

INLINE int channels_of(const Scan *s, int64_t block) {
    int64_t left = s->channels - block * W;
    return left < W ? (int)left : W;
}

INLINE void forward_item(const Scan *s, int states, int64_t item, const REAL *h0, REAL *y,
                         REAL *last, REAL *marks, REAL *scratch) {
    int64_t blocks = (s->channels + W - 1) / W, b = item / blocks, d = item % blocks * W;
    int64_t row = s->channels, steps = (s->length + K - 1) / K;
    int valid = channels_of(s, item % blocks), size = states * W;
    REAL *A = scratch, *h = scratch + size;
    load_turned(A, s->A + d * states, states, valid);
    load_turned(h, h0 + (b * row + d) * states, states, valid);
    for (int64_t t = 0; t < s->length; t++) {
        int64_t at = (b * s->length + t) * row + d;
        const REAL *B = s->B + (b * s->length + t) * states, *C = s->C + (b * s->length + t) * states;
        REAL dt[W], u[W], write[W], out[W];
        if (marks && t % K == 0) memcpy(marks + (item * steps + t / K) * size, h, size * sizeof(REAL));
        load(dt, s->dt + at, valid);
        load(u, s->u + at, valid);
        for (int w = 0; w < W; w++) write[w] = dt[w] * u[w], out[w] = 0;
        for (int n = 0; n < states; n++)
            for (int w = 0; w < W; w++) {
                REAL state = exponential(dt[w] * A[n * W + w]) * h[n * W + w] + write[w] * B[n];
                h[n * W + w] = state;
                out[w] += state * C[n];
            }
        store(y + at, out, valid);
    }
    store_turned(last + (b * row + d) * states, h, states, valid);
}

/* gA (batch, channels, state), gB and gC (blocks, batch, length, state) are parts to be summed. */
INLINE void backward_item(const Scan *s, int states, int64_t batch, int64_t item, const REAL *marks,
                          const REAL *gy, const REAL *glast, REAL *gu, REAL *gdt, REAL *gA, REAL *gB,
                          REAL *gC, REAL *gh0, REAL *scratch) {
    int64_t blocks = (s->channels + W - 1) / W, block = item % blocks, b = item / blocks, d = block * W;
    int64_t row = s->channels, steps = (s->length + K - 1) / K;
    int valid = channels_of(s, block), size = states * W;
    REAL *A = scratch, *g = A + size, *partA = g + size, *decays = partA + size;
    REAL *h = decays + K * size; /* K + 1 states: before the first step and after each */
    load_turned(A, s->A + d * states, states, valid);
    load_turned(g, glast + (b * row + d) * states, states, valid);
    memset(partA, 0, size * sizeof(REAL));
    for (int64_t step = steps - 1; step >= 0; step--) {
        int64_t first = step * K, count = s->length - first < K ? s->length - first : K;
        memcpy(h, marks + (item * steps + step) * size, size * sizeof(REAL));
        for (int64_t i = 0; i < count; i++) {
            int64_t place = b * s->length + first + i, at = place * row + d;
            const REAL *B = s->B + place * states;
            REAL dt[W], u[W], *decay = decays + i * size, *before = h + i * size, *after = before + size;
            load(dt, s->dt + at, valid);
            load(u, s->u + at, valid);
            for (int w = 0; w < W; w++) u[w] *= dt[w];
            for (int n = 0; n < states; n++)
                for (int w = 0; w < W; w++) {
                    REAL a = exponential(dt[w] * A[n * W + w]);
                    decay[n * W + w] = a;
                    after[n * W + w] = a * before[n * W + w] + u[w] * B[n];
                }
        }
        for (int64_t i = count - 1; i >= 0; i--) {
            int64_t place = b * s->length + first + i, at = place * row + d;
            int64_t part = (block * batch * s->length + place) * states;
            const REAL *B = s->B + place * states, *C = s->C + place * states;
            const REAL *decay = decays + i * size, *before = h + i * size, *after = before + size;
            REAL dt[W], u[W], out[W], gwrite[W], gstep[W];
            load(dt, s->dt + at, valid);
            load(u, s->u + at, valid);
            load(out, gy + at, valid);
            for (int w = 0; w < W; w++) gwrite[w] = gstep[w] = 0;
            for (int n = 0; n < states; n++) {
                REAL forB[W], forC[W];
                for (int w = 0; w < W; w++) {
                    REAL gh = g[n * W + w] + out[w] * C[n];
                    REAL gpower = gh * before[n * W + w] * decay[n * W + w];
                    forC[w] = out[w] * after[n * W + w];
                    forB[w] = gh * (dt[w] * u[w]);
                    gwrite[w] += gh * B[n];
                    gstep[w] += gpower * A[n * W + w];
                    partA[n * W + w] += gpower * dt[w];
                    g[n * W + w] = gh * decay[n * W + w];
                }
                gC[part + n] = sum(forC);
                gB[part + n] = sum(forB);
            }
            for (int w = 0; w < W; w++) gstep[w] += gwrite[w] * u[w], gwrite[w] *= dt[w];
            store(gdt + at, gstep, valid);
            store(gu + at, gwrite, valid);
        }
    }
    store_turned(gA + (b * row + d) * states, partA, states, valid);
    store_turned(gh0 + (b * row + d) * states, g, states, valid);
}

int scan_width(void) { return width; }

int scan_stride(void) { return stride; }

/* Items begin..end-1. marks: (items, ceil(length / K), state, W), or NULL where no gradient is
   asked for. Returns 0, or 1 when there is no memory. */
int scan_forward(int64_t begin, int64_t end, int64_t length, int64_t channels, int64_t states,
                 const REAL *u, const REAL *dt, const REAL *A, const REAL *B, const REAL *C,
                 const REAL *h0, REAL *y, REAL *last, REAL *marks) {
    Scan s = {length, channels, states, u, dt, A, B, C};
    REAL *scratch = malloc(2 * states * W * sizeof(REAL));
    if (!scratch) return 1;
    for (int64_t item = begin; item < end; item++) {
        if (states == 16) forward_item(&s, 16, item, h0, y, last, marks, scratch);
        else forward_item(&s, (int)states, item, h0, y, last, marks, scratch);
    }
    free(scratch);
    return 0;
}

int scan_backward(int64_t begin, int64_t end, int64_t batch, int64_t length, int64_t channels,
                  int64_t states, const REAL *u, const REAL *dt, const REAL *A, const REAL *B,
                  const REAL *C, const REAL *marks, const REAL *gy, const REAL *glast, REAL *gu,
                  REAL *gdt, REAL *gA, REAL *gB, REAL *gC, REAL *gh0) {
    Scan s = {length, channels, states, u, dt, A, B, C};
    REAL *scratch = malloc((2 * K + 4) * states * W * sizeof(REAL));
    if (!scratch) return 1;
    for (int64_t item = begin; item < end; item++) {
        if (states == 16)
            backward_item(&s, 16, batch, item, marks, gy, glast, gu, gdt, gA, gB, gC, gh0, scratch);
        else
            backward_item(&s, (int)states, batch, item, marks, gy, glast, gu, gdt, gA, gB, gC, gh0,
                          scratch);
    }
    free(scratch);
    return 0;
}
