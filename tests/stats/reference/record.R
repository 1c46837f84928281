# Records reference values from R for tests/stats/test_reference.py:
#   Rscript tests/stats/reference/record.R tests/stats/reference/values.json
# Needs R with boot and nlme (both come with R) and jsonlite. Every entry holds its inputs, so that nothing depends on
# R's random numbers again; see README.md beside this file.
suppressMessages({library(boot); library(nlme); library(jsonlite)})
set.seed(20240605, kind = "Mersenne-Twister", normal.kind = "Inversion", sample.kind = "Rejection")
out <- list()

# ---- correlations ------------------------------------------------------------------------------------------------
x <- round(rnorm(12), 3); y <- round(0.6 * x + rnorm(12), 3)
x30 <- round(rnorm(30), 3); y30 <- round(-0.5 * x30 + rnorm(30), 3)
tx <- c(1, 2, 2, 3, 3, 3, 4, 5, 5, 6, 7, 7); ty <- c(2, 1, 3, 3, 2, 5, 5, 4, 6, 6, 6, 8)
cors <- function(x, y, exact) {
  one <- function(method) {
    t <- suppressWarnings(cor.test(x, y, method = method, exact = exact, continuity = FALSE))
    list(estimate = unname(t$estimate), p = t$p.value)
  }
  r <- cor(rank(x), rank(y)); n <- length(x)
  list(x = x, y = y, pearson = one("pearson"), spearman = one("spearman"), kendall = one("kendall"),
       spearman_t_p = 2 * pt(-abs(r) * sqrt((n - 2) / (1 - r^2)), n - 2))
}
out$correlation <- list(small = cors(x, y, TRUE), thirty = cors(x30, y30, TRUE), ties = cors(tx, ty, FALSE))

# ---- multiplicity, proportions, paired outcomes ------------------------------------------------------------------
p <- c(0.559, 3.4e-5, 3.3e-7, 0.436, 0.012, 0.04, 0.04)
out$p_adjust <- list(p = p, holm = p.adjust(p, "holm"), BH = p.adjust(p, "BH"))
out$clopper_pearson <- lapply(list(c(0, 20), c(3, 20), c(20, 20), c(1043, 5010), c(7, 320)), function(k) {
  lapply(c(0.9, 0.95, 0.99), function(level) {
    ci <- binom.test(k[1], k[2], conf.level = level)$conf.int
    list(successes = k[1], n = k[2], level = level, low = ci[1], high = ci[2])
  })
})
out$mcnemar_exact <- lapply(list(c(10, 3), c(0, 6), c(25, 25), c(141, 98)), function(k) {
  list(only_a_wrong = k[1], only_b_wrong = k[2], p = binom.test(k[1], sum(k), 0.5)$p.value,
       chi_square_p = mcnemar.test(matrix(c(50, k[1], k[2], 50), 2), correct = FALSE)$p.value)
})

# ---- means, paired differences -------------------------------------------------------------------------------------
a <- round(rnorm(15, 62, 1.2), 2); b <- round(a - rnorm(15, 0.8, 1), 2)
t1 <- t.test(a); tp <- t.test(a, b, paired = TRUE); w <- wilcox.test(a, b, paired = TRUE, exact = TRUE)
out$paired <- list(a = a, b = b,
  mean = list(value = unname(t1$estimate), low = t1$conf.int[1], high = t1$conf.int[2]),
  t_test = list(difference = unname(tp$estimate), low = tp$conf.int[1], high = tp$conf.int[2], p = tp$p.value),
  wilcoxon = list(statistic = unname(w$statistic), p = w$p.value),
  rank_sum = list(p = wilcox.test(a[1:7], b[1:6] + 0.001, exact = TRUE)$p.value, a = a[1:7], b = b[1:6] + 0.001))
out$quantile_type7 <- list(x = a, probs = c(0.025, 0.25, 0.5, 0.975),
                           value = unname(quantile(a, c(0.025, 0.25, 0.5, 0.975), type = 7)))
out$power_paired_t <- lapply(list(c(15, 0.5), c(15, 0.78), c(5, 1.68), c(30, 0.53)), function(k) {
  list(n = k[1], dz = k[2],
       power = power.t.test(n = k[1], delta = k[2], sd = 1, type = "paired", strict = TRUE)$power)
})
out$power_paired_t_n <- list(dz = 0.5, power = 0.8,
                             n = power.t.test(delta = 0.5, sd = 1, power = 0.8, type = "paired", strict = TRUE)$n)
out$power_paired_t_detectable <- list(n = 15, power = 0.8,
                                      dz = power.t.test(n = 15, sd = 1, power = 0.8, type = "paired", strict = TRUE)$delta)

# ---- bootstrap: BCa from given resamples ---------------------------------------------------------------------------
# The resamples' values are recorded, so that the same draws give the same tails; the jackknife is R's own (empinf).
skew <- round(rexp(15), 3)
bt <- boot(skew, function(d, i) mean(d[i]) / sd(d[i]), R = 999)
ci <- boot.ci(bt, conf = 0.95, type = c("bca", "perc"), L = empinf(bt, type = "jack"))
draws <- as.vector(bt$t)
out$bca <- list(data = skew, value = bt$t0, draws = draws, bca = ci$bca[4:5], percentile = ci$percent[4:5])

# ---- mixed model: y ~ x + pair, random intercept of the seed -------------------------------------------------------
seed <- rep(1:12, 2); pair <- rep(c("swa", "urd"), each = 12); effect <- rnorm(12)
mx <- round(rnorm(24), 3)
my <- round(0.7 * mx + ifelse(pair == "urd", 2, 0) + effect[seed] + 0.5 * rnorm(24), 3)
d <- data.frame(y = my, x = mx, pair = factor(pair), seed = factor(seed))
fit <- lme(y ~ x + pair, random = ~ 1 | seed, data = d, method = "REML", control = lmeControl(tolerance = 1e-12, msTol = 1e-12))
ml <- update(fit, method = "ML")
out$mixed_model <- list(y = my, x = mx, pair = pair, seed = seed,
  slope = fixef(fit)[["x"]], slope_se = sqrt(fit$varFix["x", "x"]), pair_effect = fixef(fit)[["pairurd"]],
  intercept = fixef(fit)[["(Intercept)"]], slope_t = summary(fit)$tTable["x", "t-value"],
  slope_p = summary(fit)$tTable["x", "p-value"], slope_df = summary(fit)$tTable["x", "DF"],
  sd_seed = as.numeric(VarCorr(fit)[1, "StdDev"]), sd_rest = fit$sigma,
  log_likelihood_reml = as.numeric(logLik(fit)), log_likelihood_ml = as.numeric(logLik(ml)),
  note = "lme, REML; slope_se with varFix as nlme gives it")
two <- anova(lm(y ~ factor(seed) + pair, d))
out$two_way_anova <- list(y = my, pair = pair, seed = seed, sum_sq_seed = two["factor(seed)", "Sum Sq"],
                          sum_sq_pair = two["pair", "Sum Sq"], sum_sq_rest = two["Residuals", "Sum Sq"])

# ---- two dependent correlations that share y: Meng, Rosenthal and Rubin (1992), eqs. (1)-(3) -------------------------
mrr <- function(r1, r2, rx, n) {
  rbar2 <- (r1^2 + r2^2) / 2
  f <- min((1 - rx) / (2 * (1 - rbar2)), 1)
  h <- (1 - f * rbar2) / (1 - rbar2)
  z <- (atanh(r1) - atanh(r2)) * sqrt((n - 3) / (2 * (1 - rx) * h))
  list(r1 = r1, r2 = r2, rx = rx, n = n, z = z, p = 2 * pnorm(-abs(z)))
}
steiger <- function(r1, r2, rx, n) {  # Steiger (1980), eq. (15): Z2* with the mean correlation
  rb <- (r1 + r2) / 2
  psi <- rx * (1 - 2 * rb^2) - 0.5 * rb^2 * (1 - 2 * rb^2 - rx^2)
  s <- psi / (1 - rb^2)^2
  z <- (atanh(r1) - atanh(r2)) * sqrt((n - 3) / (2 - 2 * s))
  list(r1 = r1, r2 = r2, rx = rx, n = n, z = z, p = 2 * pnorm(-abs(z)))
}
cases <- list(c(0.63, -0.03, -0.19, 15), c(0.782, 0.111, 0.2, 30), c(0.5, 0.4, 0.6, 103))
out$meng_rosenthal_rubin <- lapply(cases, function(k) mrr(k[1], k[2], k[3], k[4]))
out$steiger <- lapply(cases, function(k) steiger(k[1], k[2], k[3], k[4]))

# ---- CKA by matrix algebra -------------------------------------------------------------------------------------------
X <- matrix(round(rnorm(14 * 3), 3), 14); Y <- matrix(round(X %*% matrix(rnorm(12), 3) + 2 * matrix(rnorm(14 * 4), 14), 3), 14)
n <- nrow(X); H <- diag(n) - 1 / n
K <- X %*% t(X); L <- Y %*% t(Y)
tr <- function(A) sum(diag(A))
hsic0 <- function(K, L) tr(H %*% K %*% H %*% L)
hsic1 <- function(K, L) {
  diag(K) <- 0; diag(L) <- 0; one <- rep(1, n)
  (tr(K %*% L) + sum(K) * sum(L) / ((n - 1) * (n - 2)) - 2 / (n - 2) * as.numeric(one %*% K %*% L %*% one)) / (n * (n - 3))
}
# the unbiased HSIC as the U-statistic of its definition, over all ordered quadruples of distinct sentences (n small)
hsic_u <- function(K, L) {
  total <- 0; m <- 8
  for (i in 1:m) for (j in setdiff(1:m, i)) for (q in setdiff(1:m, c(i, j))) for (r in setdiff(1:m, c(i, j, q)))
    total <- total + K[i, j] * L[i, j] + K[i, j] * L[q, r] - 2 * K[i, j] * L[i, q]
  total / (m * (m - 1) * (m - 2) * (m - 3))
}
floor0 <- tr(H %*% K) * tr(H %*% L) / (n - 1) / sqrt(hsic0(K, K) * hsic0(L, L))
out$cka <- list(x = X, y = Y, plain = hsic0(K, L) / sqrt(hsic0(K, K) * hsic0(L, L)),
  debiased = hsic1(K, L) / sqrt(hsic1(K, K) * hsic1(L, L)), floor = floor0,
  hsic1_first_8 = hsic_u(K, L),
  debiased_first_8 = hsic_u(K, L) / sqrt(hsic_u(K, K) * hsic_u(L, L)),
  canonical_correlations = cancor(X, Y)$cor)
S <- svd(t(scale(X, scale = FALSE)) %*% scale(Y, scale = FALSE))$d
out$procrustes <- list(x = X, y = Y, nuclear_norm = sum(S), norm_x = sqrt(sum(scale(X, scale = FALSE)^2)),
                       norm_y = sqrt(sum(scale(Y, scale = FALSE)^2)))
upper <- function(D) as.matrix(D)[upper.tri(as.matrix(D))]
out$rsa <- list(x = X, y = Y, spearman_of_euclidean_distances = cor(upper(dist(X)), upper(dist(Y)), method = "spearman"))

# ---- the paper's scores ----------------------------------------------------------------------------------------------
s <- c(83.61, 89.42, 89.60, 90.56, 91.89, 92.76, 87.19, 92.35, 89.23, 88.23)
pr <- combn(s, 2); rpd <- 200 * abs(pr[1, ] - pr[2, ]) / (pr[1, ] + pr[2, ])
out$rpd <- list(scores = s, mean_rpd = mean(rpd), sd_fraction = sd(s / 100))

out$made_by <- list(R = R.version.string, boot = as.character(packageVersion("boot")),
  nlme = as.character(packageVersion("nlme")), jsonlite = as.character(packageVersion("jsonlite")),
  stats = as.character(packageVersion("stats")))
write(toJSON(out, digits = I(17), auto_unbox = TRUE, pretty = TRUE, matrix = "rowmajor"), commandArgs(TRUE)[1])
