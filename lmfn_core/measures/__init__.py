"""PSNR and SSIM under named conventions; parameters, multiply-accumulates, seconds and memory."""
