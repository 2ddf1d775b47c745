; {a * b, whether the product left 64 bits}, from 32-bit halves.
define internal { i64, i1 } @sbf_umulo_i64(i64 %a, i64 %b) alwaysinline {
  %al = and i64 %a, 4294967295
  %ah = lshr i64 %a, 32
  %bl = and i64 %b, 4294967295
  %bh = lshr i64 %b, 32
  %ll = mul i64 %al, %bl
  %lh = mul i64 %al, %bh
  %hl = mul i64 %ah, %bl
  %hh = mul i64 %ah, %bh
  %llh = lshr i64 %ll, 32
  %lhl = and i64 %lh, 4294967295
  %hll = and i64 %hl, 4294967295
  %m0 = add i64 %llh, %lhl
  %m1 = add i64 %m0, %hll
  %mh = lshr i64 %m1, 32
  %lhh = lshr i64 %lh, 32
  %hlh = lshr i64 %hl, 32
  %h0 = add i64 %hh, %lhh
  %h1 = add i64 %h0, %hlh
  %high = add i64 %h1, %mh
  %low = mul i64 %a, %b
  %over = icmp ne i64 %high, 0
  %r0 = insertvalue { i64, i1 } poison, i64 %low, 0
  %r1 = insertvalue { i64, i1 } %r0, i1 %over, 1
  ret { i64, i1 } %r1
}
