"""Built-in plugin: conversion to integer models."""
