//! The four memory symbols that compiled code expects from a C library.

/// Defines `memcpy`, `memmove`, `memset` and `memcmp` over Solana's memory syscalls, for builds without platform-tools (which
/// bring their own). Such a build is recognised by its target's operating system, `zkvm`, beside the `solana` that Solana's own
/// crates look for. Invoked once in each program's `lib.rs`.
#[macro_export]
macro_rules! memory_symbols {
    () => {
        #[cfg(all(target_os = "zkvm", target_os = "solana", not(feature = "cpi")))]
        mod memory_symbols {
            extern "C" {
                fn sol_memcpy_(to: *mut u8, from: *const u8, bytes: u64);
                fn sol_memmove_(to: *mut u8, from: *const u8, bytes: u64);
                fn sol_memset_(to: *mut u8, byte: u8, bytes: u64);
                fn sol_memcmp_(a: *const u8, b: *const u8, bytes: u64, order: *mut i32);
            }
            // SAFETY (all four): the C contracts of these symbols are those of the syscalls, which check every address.
            #[no_mangle]
            unsafe extern "C" fn memcpy(to: *mut u8, from: *const u8, bytes: usize) -> *mut u8 {
                unsafe { sol_memcpy_(to, from, bytes as u64) };
                to
            }
            #[no_mangle]
            unsafe extern "C" fn memmove(to: *mut u8, from: *const u8, bytes: usize) -> *mut u8 {
                unsafe { sol_memmove_(to, from, bytes as u64) };
                to
            }
            #[no_mangle]
            unsafe extern "C" fn memset(to: *mut u8, byte: i32, bytes: usize) -> *mut u8 {
                unsafe { sol_memset_(to, byte as u8, bytes as u64) };
                to
            }
            // Not inlined, so that LLVM still knows it as `memcmp` and compares short keys in registers: cheaper than a syscall.
            #[no_mangle]
            #[inline(never)]
            unsafe extern "C" fn memcmp(a: *const u8, b: *const u8, bytes: usize) -> i32 {
                let mut order = 0;
                unsafe { sol_memcmp_(a, b, bytes as u64, &mut order) };
                order
            }
        }
    };
}
